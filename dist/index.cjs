"use strict";
const _run = require("./run.cjs");
(0, _run.runMain)();
