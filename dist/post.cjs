"use strict";
const { STATE_revocation: state } = process.env;
if (state) Promise.resolve().then(()=>require("./run.cjs")).then(({ runPost })=>runPost(state));
