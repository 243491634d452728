(() => { // webpackBootstrap
	"use strict";
	var __webpack_modules__ = ({

/***/ 598:
/***/ ((module) => {

module.exports = require("node:crypto");

/***/ }),

/***/ 82:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

__nccwpck_require__.d(__webpack_exports__, {
d: () => (parseJsonObject)
});
function parseJsonObject(text) {
    try {
        const value = JSON.parse(text);
        return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
    } catch  {
        return undefined;
    }
}


/***/ }),

/***/ 638:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

__nccwpck_require__.d(__webpack_exports__, {
C: () => (MAX_TIME_MS),
e: () => (isAccessToken)
});
const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
function isAccessToken(value) {
    return typeof value === 'string' && value.trim() !== '' && /^[\x20-\x7e]+$/.test(value);
}


/***/ })

	});
/************************************************************************/
	// The module cache
	var __webpack_module_cache__ = {};
	
	// The require function
	function __nccwpck_require__(moduleId) {
		// Check if module is in cache
		var cachedModule = __webpack_module_cache__[moduleId];
		if (cachedModule !== undefined) {
			return cachedModule.exports;
		}
		// Create a new module (and put it into the cache)
		var module = __webpack_module_cache__[moduleId] = {
			// no module.id needed
			// no module.loaded needed
			exports: {}
		};
	
		// Execute the module function
		var threw = true;
		try {
			__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
			threw = false;
		} finally {
			if(threw) delete __webpack_module_cache__[moduleId];
		}
	
		// Return the exports of the module
		return module.exports;
	}
	
	// expose the modules object (__webpack_modules__)
	__nccwpck_require__.m = __webpack_modules__;
	
/************************************************************************/
	/* webpack/runtime/asset-relocator-loader */
	if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = __dirname + "/";
	
	/* webpack/runtime/create fake namespace object */
	(() => {
		var getProto = Object.getPrototypeOf ? (obj) => (Object.getPrototypeOf(obj)) : (obj) => (obj.__proto__);
		var leafPrototypes;
		// create a fake namespace object
		// mode & 1: value is a module id, require it
		// mode & 2: merge all properties of value into the ns
		// mode & 4: return value when already ns object
		// mode & 16: return value when it's Promise-like
		// mode & 8|1: behave like require
		__nccwpck_require__.t = function(value, mode) {
			if(mode & 1) value = this(value);
			if(mode & 8) return value;
			if(typeof value === 'object' && value) {
				if((mode & 4) && value.__esModule) return value;
				if((mode & 16) && typeof value.then === 'function') return value;
			}
			var ns = Object.create(null);
			__nccwpck_require__.r(ns);
			var def = {};
			leafPrototypes = leafPrototypes || [null, getProto({}), getProto([]), getProto(getProto)];
			for(var current = mode & 2 && value; typeof current == 'object' && !~leafPrototypes.indexOf(current); current = getProto(current)) {
				Object.getOwnPropertyNames(current).forEach((key) => (def[key] = () => (value[key])));
			}
			def['default'] = () => (value);
			__nccwpck_require__.d(ns, def);
			return ns;
		};
	})();
	
	/* webpack/runtime/define property getters */
	(() => {
		// define getter functions for harmony exports
		__nccwpck_require__.d = (exports, definition) => {
			for(var key in definition) {
				if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
					Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
				}
			}
		};
	})();
	
	/* webpack/runtime/ensure chunk */
	(() => {
		__nccwpck_require__.f = {};
		// This file contains only the entry chunk.
		// The chunk loading function for additional chunks
		__nccwpck_require__.e = (chunkId) => {
			return Promise.all(Object.keys(__nccwpck_require__.f).reduce((promises, key) => {
				__nccwpck_require__.f[key](chunkId, promises);
				return promises;
			}, []));
		};
	})();
	
	/* webpack/runtime/get javascript chunk filename */
	(() => {
		// This function allow to reference async chunks
		__nccwpck_require__.u = (chunkId) => {
			// return url for filenames based on template
			return "" + chunkId + ".run.cjs";
		};
	})();
	
	/* webpack/runtime/hasOwnProperty shorthand */
	(() => {
		__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
	})();
	
	/* webpack/runtime/make namespace object */
	(() => {
		// define __esModule on exports
		__nccwpck_require__.r = (exports) => {
			if(typeof Symbol !== 'undefined' && Symbol.toStringTag) {
				Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' });
			}
			Object.defineProperty(exports, '__esModule', { value: true });
		};
	})();
	
	/* webpack/runtime/require chunk loading */
	(() => {
		// no baseURI
		
		// object to store loaded chunks
		// "1" means "loaded", otherwise not loaded yet
		var installedChunks = {
			792: 1
		};
		
		// no on chunks loaded
		
		var installChunk = (chunk) => {
			var moreModules = chunk.modules, chunkIds = chunk.ids, runtime = chunk.runtime;
			for(var moduleId in moreModules) {
				if(__nccwpck_require__.o(moreModules, moduleId)) {
					__nccwpck_require__.m[moduleId] = moreModules[moduleId];
				}
			}
			if(runtime) runtime(__nccwpck_require__);
			for(var i = 0; i < chunkIds.length; i++)
				installedChunks[chunkIds[i]] = 1;
		
		};
		
		// require() chunk loading for javascript
		__nccwpck_require__.f.require = (chunkId, promises) => {
			// "1" is the signal for "already loaded"
			if(!installedChunks[chunkId]) {
				if(true) { // all chunks have JS
					installChunk(require("./" + __nccwpck_require__.u(chunkId)));
				} else installedChunks[chunkId] = 1;
			}
		};
		
		// no external install chunk
		
		// no HMR
		
		// no HMR manifest
	})();
	
/************************************************************************/
var __webpack_exports__ = {};
// ESM COMPAT FLAG
__nccwpck_require__.r(__webpack_exports__);

// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  runMain: () => (runMain),
  runPost: () => (runPost)
});

;// CONCATENATED MODULE: external "os"
const external_os_namespaceObject = require("os");
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/utils.js
function toCommandValue(n){return null==n?"":"string"==typeof n||n instanceof String?n:JSON.stringify(n)}function toCommandProperties(n){return Object.keys(n).length?{title:n.title,file:n.file,line:n.startLine,endLine:n.endLine,col:n.startColumn,endColumn:n.endColumn}:{}}
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/command.js
function issueCommand(t,r,i){let o=new command_s(t,r,i);process.stdout.write(o.toString()+external_os_namespaceObject.EOL)}function issue(e,t=""){issueCommand(e,{},t)}class command_s{constructor(e,t,s){e||(e="missing.command"),this.command=e,this.properties=t,this.message=s}toString(){let e="::"+this.command;if(this.properties&&Object.keys(this.properties).length>0){e+=" ";let s=!0;for(let r in this.properties)if(this.properties.hasOwnProperty(r)){let i=this.properties[r];i&&(s?s=!1:e+=",",e+=`${r}=${toCommandValue(i).replace(/%/g,"%25").replace(/\r/g,"%0D").replace(/\n/g,"%0A").replace(/:/g,"%3A").replace(/,/g,"%2C")}`)}}return e+`::${toCommandValue(this.message).replace(/%/g,"%25").replace(/\r/g,"%0D").replace(/\n/g,"%0A")}`}}
;// CONCATENATED MODULE: external "crypto"
const external_crypto_namespaceObject = require("crypto");
;// CONCATENATED MODULE: external "fs"
const external_fs_namespaceObject = require("fs");
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/file-command.js
function issueFileCommand(e,i){let n=process.env[`GITHUB_${e}`];if(!n)throw Error(`Unable to find environment variable for file command ${e}`);if(!external_fs_namespaceObject.existsSync(n))throw Error(`Missing file at path: ${n}`);external_fs_namespaceObject.appendFileSync(n,`${toCommandValue(i)}${external_os_namespaceObject.EOL}`,{encoding:"utf8"})}function prepareKeyValueMessage(r,i){let n=`ghadelimiter_${external_crypto_namespaceObject.randomUUID()}`,s=toCommandValue(i);if(r.includes(n))throw Error(`Unexpected input: name should not contain the delimiter "${n}"`);if(s.includes(n))throw Error(`Unexpected input: value should not contain the delimiter "${n}"`);return`${r}<<${n}${external_os_namespaceObject.EOL}${s}${external_os_namespaceObject.EOL}${n}`}
;// CONCATENATED MODULE: external "path"
const external_path_namespaceObject = require("path");
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/core.js
var t,e=undefined&&undefined.__awaiter||function(t,e,r,o){return new(r||(r=Promise))(function(n,i){function u(t){try{p(o.next(t))}catch(t){i(t)}}function s(t){try{p(o.throw(t))}catch(t){i(t)}}function p(t){var e;t.done?n(t.value):((e=t.value)instanceof r?e:new r(function(t){t(e)})).then(u,s)}p((o=o.apply(t,e||[])).next())})};var ExitCode;(t=ExitCode||(ExitCode={}))[t.Success=0]="Success",t[t.Failure=1]="Failure";function exportVariable(t,e){let r=s(e);if(process.env[t]=r,process.env.GITHUB_ENV||0)return n("ENV",i(t,e));o("set-env",{name:t},r)}function setSecret(t){issueCommand("add-mask",{},t)}function addPath(t){process.env.GITHUB_PATH?n("PATH",t):o("add-path",{},t),process.env.PATH=`${t}${c.delimiter}${process.env.PATH}`}function getInput(t,e){let r=process.env[`INPUT_${t.replace(/ /g,"_").toUpperCase()}`]||"";if(e&&e.required&&!r)throw Error(`Input required and not supplied: ${t}`);return e&&!1===e.trimWhitespace?r:r.trim()}function getMultilineInput(t,e){let r=getInput(t,e).split("\n").filter(t=>""!==t);return e&&!1===e.trimWhitespace?r:r.map(t=>t.trim())}function getBooleanInput(t,e){let r=getInput(t,e);if(["true","True","TRUE"].includes(r))return!0;if(["false","False","FALSE"].includes(r))return!1;throw TypeError(`Input does not meet YAML 1.2 "Core Schema" specification: ${t}
Support boolean input list: \`true | True | TRUE | false | False | FALSE\``)}function setOutput(t,e){if(process.env.GITHUB_OUTPUT)return issueFileCommand("OUTPUT",prepareKeyValueMessage(t,e));process.stdout.write(external_os_namespaceObject.EOL),issueCommand("set-output",{name:t},toCommandValue(e))}function setCommandEcho(t){r("echo",t?"on":"off")}function setFailed(t){process.exitCode=ExitCode.Failure,error(t)}function isDebug(){return"1"===process.env.RUNNER_DEBUG}function debug(t){o("debug",{},t)}function error(t,e={}){issueCommand("error",toCommandProperties(e),t instanceof Error?t.toString():t)}function core_warning(t,e={}){issueCommand("warning",toCommandProperties(e),t instanceof Error?t.toString():t)}function notice(t,e={}){o("notice",u(e),t instanceof Error?t.toString():t)}function info(t){process.stdout.write(t+external_os_namespaceObject.EOL)}function startGroup(t){r("group",t)}function endGroup(){r("endgroup")}function group(t,r){return e(this,void 0,void 0,function*(){let e;startGroup(t);try{e=yield r()}finally{endGroup()}return e})}function saveState(t,e){if(process.env.GITHUB_STATE)return issueFileCommand("STATE",prepareKeyValueMessage(t,e));issueCommand("save-state",{name:t},toCommandValue(e))}function getState(t){return process.env[`STATE_${t}`]||""}function getIDToken(t){return e(this,void 0,void 0,function*(){return yield a.getIDToken(t)})}
var external_node_crypto_ = __nccwpck_require__(598);
;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = require("node:fs");
;// CONCATENATED MODULE: ./lib/http/clock.js
function monotonicMs() {
    return Number(process.hrtime.bigint() / 1000000n);
}

;// CONCATENATED MODULE: ./lib/http/failure.js
class Failure extends Error {
    reason;
    advice;
    transient;
    constructor(reason, advice, transient){
        super(`${reason}. ${advice}`);
        this.reason = reason;
        this.advice = advice;
        this.transient = transient;
    }
}

;// CONCATENATED MODULE: external "node:http"
const external_node_http_namespaceObject = require("node:http");
;// CONCATENATED MODULE: external "node:https"
const external_node_https_namespaceObject = require("node:https");
;// CONCATENATED MODULE: external "node:tls"
const external_node_tls_namespaceObject = require("node:tls");
;// CONCATENATED MODULE: external "http"
const external_http_namespaceObject = require("http");
var external_http_namespaceObject_0 = /*#__PURE__*/__nccwpck_require__.t(external_http_namespaceObject, 2);
;// CONCATENATED MODULE: external "https"
const external_https_namespaceObject = require("https");
var external_https_namespaceObject_0 = /*#__PURE__*/__nccwpck_require__.t(external_https_namespaceObject, 2);
;// CONCATENATED MODULE: ./lib/node_modules/@actions/http-client/lib/proxy.js
function getProxyUrl(e){let s="https:"===e.protocol;if(checkBypass(e))return;let r=s?process.env.https_proxy||process.env.HTTPS_PROXY:process.env.http_proxy||process.env.HTTP_PROXY;if(r)try{return new proxy_t(r)}catch(e){if(!r.startsWith("http://")&&!r.startsWith("https://"))return new proxy_t(`http://${r}`)}}function checkBypass(t){let e,s;if(!t.hostname)return!1;if("localhost"===(s=t.hostname.toLowerCase())||s.startsWith("127.")||s.startsWith("[::1]")||s.startsWith("[0:0:0:0:0:0:0:1]"))return!0;let r=process.env.no_proxy||process.env.NO_PROXY||"";if(!r)return!1;t.port?e=Number(t.port):"http:"===t.protocol?e=80:"https:"===t.protocol&&(e=443);let o=[t.hostname.toUpperCase()];for(let t of("number"==typeof e&&o.push(`${o[0]}:${e}`),r.split(",").map(t=>t.trim().toUpperCase()).filter(t=>t)))if("*"===t||o.some(e=>e===t||e.endsWith(`.${t}`)||t.startsWith(".")&&e.endsWith(`${t}`)))return!0;return!1}class proxy_t extends URL{constructor(t,e){super(t,e),this._decodedUsername=decodeURIComponent(super.username),this._decodedPassword=decodeURIComponent(super.password)}get username(){return this._decodedUsername}get password(){return this._decodedPassword}}
;// CONCATENATED MODULE: ./lib/node_modules/@actions/http-client/lib/index.js
var lib_e,lib_t,lib_r=undefined&&undefined.__awaiter||function(e,t,r,s){return new(r||(r=Promise))(function(i,o){function n(e){try{l(s.next(e))}catch(e){o(e)}}function a(e){try{l(s.throw(e))}catch(e){o(e)}}function l(e){var t;e.done?i(e.value):((t=e.value)instanceof r?t:new r(function(e){e(t)})).then(n,a)}l((s=s.apply(e,t||[])).next())})};var HttpCodes;(lib_e=HttpCodes||(HttpCodes={}))[lib_e.OK=200]="OK",lib_e[lib_e.MultipleChoices=300]="MultipleChoices",lib_e[lib_e.MovedPermanently=301]="MovedPermanently",lib_e[lib_e.ResourceMoved=302]="ResourceMoved",lib_e[lib_e.SeeOther=303]="SeeOther",lib_e[lib_e.NotModified=304]="NotModified",lib_e[lib_e.UseProxy=305]="UseProxy",lib_e[lib_e.SwitchProxy=306]="SwitchProxy",lib_e[lib_e.TemporaryRedirect=307]="TemporaryRedirect",lib_e[lib_e.PermanentRedirect=308]="PermanentRedirect",lib_e[lib_e.BadRequest=400]="BadRequest",lib_e[lib_e.Unauthorized=401]="Unauthorized",lib_e[lib_e.PaymentRequired=402]="PaymentRequired",lib_e[lib_e.Forbidden=403]="Forbidden",lib_e[lib_e.NotFound=404]="NotFound",lib_e[lib_e.MethodNotAllowed=405]="MethodNotAllowed",lib_e[lib_e.NotAcceptable=406]="NotAcceptable",lib_e[lib_e.ProxyAuthenticationRequired=407]="ProxyAuthenticationRequired",lib_e[lib_e.RequestTimeout=408]="RequestTimeout",lib_e[lib_e.Conflict=409]="Conflict",lib_e[lib_e.Gone=410]="Gone",lib_e[lib_e.TooManyRequests=429]="TooManyRequests",lib_e[lib_e.InternalServerError=500]="InternalServerError",lib_e[lib_e.NotImplemented=501]="NotImplemented",lib_e[lib_e.BadGateway=502]="BadGateway",lib_e[lib_e.ServiceUnavailable=503]="ServiceUnavailable",lib_e[lib_e.GatewayTimeout=504]="GatewayTimeout";var Headers;(lib_t=Headers||(Headers={})).Accept="accept",lib_t.ContentType="content-type";var MediaTypes;(MediaTypes||(MediaTypes={})).ApplicationJson="application/json";function lib_getProxyUrl(e){let t=o.getProxyUrl(new URL(e));return t?t.href:""}let l=[HttpCodes.MovedPermanently,HttpCodes.ResourceMoved,HttpCodes.SeeOther,HttpCodes.TemporaryRedirect,HttpCodes.PermanentRedirect],p=[HttpCodes.BadGateway,HttpCodes.ServiceUnavailable,HttpCodes.GatewayTimeout],d=["OPTIONS","GET","DELETE","HEAD"];class HttpClientError extends Error{constructor(e,t){super(e),this.name="HttpClientError",this.statusCode=t,Object.setPrototypeOf(this,HttpClientError.prototype)}}class HttpClientResponse{constructor(e){this.message=e}readBody(){return lib_r(this,void 0,void 0,function*(){return new Promise(e=>lib_r(this,void 0,void 0,function*(){let t=Buffer.alloc(0);this.message.on("data",e=>{t=Buffer.concat([t,e])}),this.message.on("end",()=>{e(t.toString())})}))})}readBodyBuffer(){return lib_r(this,void 0,void 0,function*(){return new Promise(e=>lib_r(this,void 0,void 0,function*(){let t=[];this.message.on("data",e=>{t.push(e)}),this.message.on("end",()=>{e(Buffer.concat(t))})}))})}}function isHttps(e){return"https:"===new URL(e).protocol}class HttpClient{constructor(e,t,r){this._ignoreSslError=!1,this._allowRedirects=!0,this._allowRedirectDowngrade=!1,this._maxRedirects=50,this._allowRetries=!1,this._maxRetries=1,this._keepAlive=!1,this._disposed=!1,this.userAgent=this._getUserAgentWithOrchestrationId(e),this.handlers=t||[],this.requestOptions=r,r&&(null!=r.ignoreSslError&&(this._ignoreSslError=r.ignoreSslError),this._socketTimeout=r.socketTimeout,null!=r.allowRedirects&&(this._allowRedirects=r.allowRedirects),null!=r.allowRedirectDowngrade&&(this._allowRedirectDowngrade=r.allowRedirectDowngrade),null!=r.maxRedirects&&(this._maxRedirects=Math.max(r.maxRedirects,0)),null!=r.keepAlive&&(this._keepAlive=r.keepAlive),null!=r.allowRetries&&(this._allowRetries=r.allowRetries),null!=r.maxRetries&&(this._maxRetries=r.maxRetries))}options(e,t){return lib_r(this,void 0,void 0,function*(){return this.request("OPTIONS",e,null,t||{})})}get(e,t){return lib_r(this,void 0,void 0,function*(){return this.request("GET",e,null,t||{})})}del(e,t){return lib_r(this,void 0,void 0,function*(){return this.request("DELETE",e,null,t||{})})}post(e,t,s){return lib_r(this,void 0,void 0,function*(){return this.request("POST",e,t,s||{})})}patch(e,t,s){return lib_r(this,void 0,void 0,function*(){return this.request("PATCH",e,t,s||{})})}put(e,t,s){return lib_r(this,void 0,void 0,function*(){return this.request("PUT",e,t,s||{})})}head(e,t){return lib_r(this,void 0,void 0,function*(){return this.request("HEAD",e,null,t||{})})}sendStream(e,t,s,i){return lib_r(this,void 0,void 0,function*(){return this.request(e,t,s,i)})}getJson(e){return lib_r(this,arguments,void 0,function*(e,t={}){t[Headers.Accept]=this._getExistingOrDefaultHeader(t,Headers.Accept,MediaTypes.ApplicationJson);let r=yield this.get(e,t);return this._processResponse(r,this.requestOptions)})}postJson(e,t){return lib_r(this,arguments,void 0,function*(e,t,r={}){let s=JSON.stringify(t,null,2);r[Headers.Accept]=this._getExistingOrDefaultHeader(r,Headers.Accept,MediaTypes.ApplicationJson),r[Headers.ContentType]=this._getExistingOrDefaultContentTypeHeader(r,MediaTypes.ApplicationJson);let i=yield this.post(e,s,r);return this._processResponse(i,this.requestOptions)})}putJson(e,t){return lib_r(this,arguments,void 0,function*(e,t,r={}){let s=JSON.stringify(t,null,2);r[Headers.Accept]=this._getExistingOrDefaultHeader(r,Headers.Accept,MediaTypes.ApplicationJson),r[Headers.ContentType]=this._getExistingOrDefaultContentTypeHeader(r,MediaTypes.ApplicationJson);let i=yield this.put(e,s,r);return this._processResponse(i,this.requestOptions)})}patchJson(e,t){return lib_r(this,arguments,void 0,function*(e,t,r={}){let s=JSON.stringify(t,null,2);r[Headers.Accept]=this._getExistingOrDefaultHeader(r,Headers.Accept,MediaTypes.ApplicationJson),r[Headers.ContentType]=this._getExistingOrDefaultContentTypeHeader(r,MediaTypes.ApplicationJson);let i=yield this.patch(e,s,r);return this._processResponse(i,this.requestOptions)})}request(e,t,s,i){return lib_r(this,void 0,void 0,function*(){let r;if(this._disposed)throw Error("Client has already been disposed.");let o=new URL(t),n=this._prepareRequest(e,o,i),a=this._allowRetries&&d.includes(e)?this._maxRetries+1:1,u=0;do{if((r=yield this.requestRaw(n,s))&&r.message&&r.message.statusCode===HttpCodes.Unauthorized){let e;for(let t of this.handlers)if(t.canHandleAuthentication(r)){e=t;break}if(e)return e.handleAuthentication(this,n,s);break}let t=this._maxRedirects;for(;r.message.statusCode&&l.includes(r.message.statusCode)&&this._allowRedirects&&t>0;){let a=r.message.headers.location;if(!a)break;let l=new URL(a);if("https:"===o.protocol&&o.protocol!==l.protocol&&!this._allowRedirectDowngrade)throw Error("Redirect from HTTPS to HTTP protocol. This downgrade is not allowed for security reasons. If you want to allow this behavior, set the allowRedirectDowngrade option to true.");if(yield r.readBody(),l.hostname!==o.hostname)for(let e in i)"authorization"===e.toLowerCase()&&delete i[e];n=this._prepareRequest(e,l,i),r=yield this.requestRaw(n,s),t--}if(!r.message.statusCode||!p.includes(r.message.statusCode))break;(u+=1)<a&&(yield r.readBody(),yield this._performExponentialBackoff(u))}while(u<a)return r})}dispose(){this._agent&&this._agent.destroy(),this._disposed=!0}requestRaw(e,t){return lib_r(this,void 0,void 0,function*(){return new Promise((r,s)=>{this.requestRawWithCallback(e,t,function(e,t){e?s(e):t?r(t):s(Error("Unknown error"))})})})}requestRawWithCallback(e,t,r){let s;"string"==typeof t&&(e.options.headers||(e.options.headers={}),e.options.headers["Content-Length"]=Buffer.byteLength(t,"utf8"));let i=!1;function o(e,t){i||(i=!0,r(e,t))}let n=e.httpModule.request(e.options,e=>{o(void 0,new HttpClientResponse(e))});n.on("socket",e=>{s=e}),n.setTimeout(this._socketTimeout||18e4,()=>{s&&s.end(),o(Error(`Request timeout: ${e.options.path}`))}),n.on("error",function(e){o(e)}),t&&"string"==typeof t&&n.write(t,"utf8"),t&&"string"!=typeof t?(t.on("close",function(){n.end()}),t.pipe(n)):n.end()}getAgent(e){let t=new URL(e);return this._getAgent(t)}getAgentDispatcher(e){let t=new URL(e),r=getProxyUrl(t);if(r&&r.hostname)return this._getProxyAgentDispatcher(t,r)}_prepareRequest(e,t,r){let o={};o.parsedUrl=t;let n="https:"===o.parsedUrl.protocol;if(o.httpModule=n?external_https_namespaceObject_0:external_http_namespaceObject_0,o.options={},o.options.host=o.parsedUrl.hostname,o.options.port=o.parsedUrl.port?parseInt(o.parsedUrl.port):n?443:80,o.options.path=(o.parsedUrl.pathname||"")+(o.parsedUrl.search||""),o.options.method=e,o.options.headers=this._mergeHeaders(r),null!=this.userAgent&&(o.options.headers["user-agent"]=this.userAgent),o.options.agent=this._getAgent(o.parsedUrl),this.handlers)for(let e of this.handlers)e.prepareRequest(o.options);return o}_mergeHeaders(e){return this.requestOptions&&this.requestOptions.headers?Object.assign({},lib_u(this.requestOptions.headers),lib_u(e||{})):lib_u(e||{})}_getExistingOrDefaultHeader(e,t,r){let s;if(this.requestOptions&&this.requestOptions.headers){let e=lib_u(this.requestOptions.headers)[t];e&&(s="number"==typeof e?e.toString():e)}let i=e[t];return void 0!==i?"number"==typeof i?i.toString():i:void 0!==s?s:r}_getExistingOrDefaultContentTypeHeader(e,t){let r;if(this.requestOptions&&this.requestOptions.headers){let e=lib_u(this.requestOptions.headers)[Headers.ContentType];e&&(r="number"==typeof e?String(e):Array.isArray(e)?e.join(", "):e)}let s=e[Headers.ContentType];if(void 0!==s)if("number"==typeof s)return String(s);else if(Array.isArray(s))return s.join(", ");else return s;return void 0!==r?r:t}_getAgent(e){let t,r=getProxyUrl(e),a=r&&r.hostname;if(this._keepAlive&&a&&(t=this._proxyAgent),a||(t=this._agent),t)return t;let l="https:"===e.protocol,p=100;if(this.requestOptions&&(p=this.requestOptions.maxSockets||external_http_namespaceObject.globalAgent.maxSockets),r&&r.hostname){let e={maxSockets:p,keepAlive:this._keepAlive,proxy:Object.assign(Object.assign({},(r.username||r.password)&&{proxyAuth:`${r.username}:${r.password}`}),{host:r.hostname,port:r.port})},s="https:"===r.protocol;t=(l?s?external_https_namespaceObject.httpsOverHttps:external_https_namespaceObject.httpsOverHttp:s?external_https_namespaceObject.httpOverHttps:external_https_namespaceObject.httpOverHttp)(e),this._proxyAgent=t}if(!t){let e={keepAlive:this._keepAlive,maxSockets:p};t=l?new external_https_namespaceObject.Agent(e):new external_http_namespaceObject.Agent(e),this._agent=t}return l&&this._ignoreSslError&&(t.options=Object.assign(t.options||{},{rejectUnauthorized:!1})),t}_getProxyAgentDispatcher(e,t){let r;if(this._keepAlive&&(r=this._proxyAgentDispatcher),r)return r;let s="https:"===e.protocol;return r=new external_https_namespaceObject.ProxyAgent(Object.assign({uri:t.href,pipelining:+!!this._keepAlive},(t.username||t.password)&&{token:`Basic ${Buffer.from(`${t.username}:${t.password}`).toString("base64")}`})),this._proxyAgentDispatcher=r,s&&this._ignoreSslError&&(r.options=Object.assign(r.options.requestTls||{},{rejectUnauthorized:!1})),r}_getUserAgentWithOrchestrationId(e){let t=e||"actions/http-client",r=process.env.ACTIONS_ORCHESTRATION_ID;if(r){let e=r.replace(/[^a-z0-9_.-]/gi,"_");return`${t} actions_orchestration_id/${e}`}return t}_performExponentialBackoff(e){return lib_r(this,void 0,void 0,function*(){let t=5*Math.pow(2,e=Math.min(10,e));return new Promise(e=>setTimeout(()=>e(),t))})}_processResponse(e,t){return lib_r(this,void 0,void 0,function*(){return new Promise((s,i)=>lib_r(this,void 0,void 0,function*(){let r,o,n=e.message.statusCode||0,a={statusCode:n,result:null,headers:{}};n===HttpCodes.NotFound&&s(a);try{(o=yield e.readBody())&&o.length>0&&(a.result=r=t&&t.deserializeDates?JSON.parse(o,function(e,t){if("string"==typeof t){let e=new Date(t);if(!isNaN(e.valueOf()))return e}return t}):JSON.parse(o)),a.headers=e.message.headers}catch(e){}if(n>299){let e=new HttpClientError(r&&r.message?r.message:o&&o.length>0?o:`Failed request: (${n})`,n);e.result=a.result,i(e)}else s(a)}))})}}let lib_u=e=>Object.keys(e).reduce((t,r)=>(t[r.toLowerCase()]=e[r],t),{});
;// CONCATENATED MODULE: ./lib/http/connection-error.js

const RE_RUN = "Re-run the job; if it keeps failing, check the server's status page.";
const CHECK_HOST = (source)=>`Check the host in ${source} and that the runner can reach it.`;
const CHECK_HOST_AND_PORT = (source)=>`Check the host and port in ${source} and that the runner can reach them.`;
const CHECK_URL = (source)=>`Check ${source}.`;
const CHECK_HOST_ONLY = (source)=>`Check the host in ${source}.`;
const CHECK_PROXY = 'Check https_proxy, or add the host to no_proxy.';
const TRUST_CA = 'If a private CA issued it, set ca-certificate, or set NODE_EXTRA_CA_CERTS to the path of the CA certificate.';
const TRANSIENT = {};
function certificateErrors(subject) {
    return [
        [
            /^CERT_HAS_EXPIRED$/,
            `the ${subject} certificate has expired`,
            ()=>`Contact the ${subject}'s operator, or check the runner's clock.`
        ],
        [
            /^CERT_NOT_YET_VALID$/,
            `the ${subject} certificate is not yet valid`,
            ()=>"Check the runner's clock."
        ],
        [
            /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
            `the ${subject} certificate does not match the host name`,
            CHECK_HOST_ONLY
        ],
        [
            /^(?!ERR_).*(CERT|SIGNATURE)|^INVALID_/,
            `the ${subject} certificate is not trusted`,
            ()=>TRUST_CA
        ]
    ];
}
const CONNECTION_ERRORS = [
    [
        /^(ENOTFOUND|EAI_AGAIN)$/,
        'could not resolve host',
        CHECK_HOST,
        TRANSIENT
    ],
    [
        /^ECONNREFUSED$/,
        'connection refused',
        CHECK_HOST_AND_PORT,
        TRANSIENT
    ],
    [
        /^(ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|ETIMEDOUT)$/,
        'host unreachable',
        CHECK_HOST,
        TRANSIENT
    ],
    [
        /^(ECONNRESET|ECONNABORTED|EPIPE)$/,
        'connection closed unexpectedly',
        ()=>RE_RUN,
        TRANSIENT
    ],
    [
        /^HPE_/,
        'the response is not valid HTTP',
        CHECK_URL
    ],
    ...certificateErrors('server'),
    [
        /^(EPROTO|ERR_SSL_|ERR_TLS_)/,
        'TLS handshake failed',
        (source)=>`Check the host and port in ${source}.`
    ],
    [
        /^/,
        'the request failed',
        CHECK_URL
    ]
];
const PROXY_CERTIFICATE_ERRORS = certificateErrors('proxy');
function explainConnectionError(error, source) {
    const code = codeOf(rootOf(error));
    const [, reason, advice, transient] = CONNECTION_ERRORS.find(([pattern])=>pattern.test(code));
    return new Failure(`${reason} (${code})`, advice(source), transient);
}
function explainProxyError(error) {
    const root = rootOf(error);
    const code = codeOf(root);
    if (code === 'ERR_PROXY_TUNNEL') return explainTunnelError(root.statusCode);
    const [, reason, advice] = PROXY_CERTIFICATE_ERRORS.find(([pattern])=>pattern.test(code)) ?? [];
    if (reason && advice) return new Failure(`${reason} (${code})`, advice('https_proxy'));
    return new Failure(`could not connect to the proxy (${code})`, CHECK_PROXY, TRANSIENT);
}
function explainTunnelError(status) {
    if (status === undefined) return new Failure('the proxy closed the connection', CHECK_PROXY, TRANSIENT);
    if (Number.isNaN(status)) return new Failure('https_proxy does not point to a proxy', CHECK_PROXY);
    if (status === 407) {
        return new Failure('the proxy requires authentication (HTTP 407)', 'Check the user name and password in https_proxy.');
    }
    return [
        502,
        503,
        504
    ].includes(status) ? new Failure(`the proxy could not connect to the server (HTTP ${status})`, CHECK_PROXY, TRANSIENT) : new Failure(`the proxy refused the connection (HTTP ${status})`, CHECK_PROXY);
}
function rootOf(error) {
    if (typeof error !== 'object' || error === null) return {};
    const { errors, cause } = error;
    const inner = errors?.[0] ?? cause;
    return inner === undefined ? error : rootOf(inner);
}
function codeOf({ code, name }) {
    return typeof code === 'string' ? code : name ?? 'unknown error';
}

var json_object = __nccwpck_require__(82);
;// CONCATENATED MODULE: ./lib/http/send.js









const USER_AGENT = 'client-credentials-token/1.0.0';
const MAX_BODY_BYTES = 1024 * 1024;
function createSend(deadline) {
    return async (request)=>{
        const { endpoint } = request;
        const timeoutMs = Math.max(1, Math.floor(deadline - monotonicMs()));
        const signal = AbortSignal.timeout(timeoutMs);
        const { agent, didProxyFail } = createAgent(endpoint.url, signal);
        let message;
        try {
            message = await requestHead(request, {
                agent,
                signal
            });
            const { statusCode, headers } = message;
            return {
                endpoint,
                status: Number(statusCode),
                headers,
                body: await readBody(message, endpoint.source)
            };
        } catch (error) {
            if (error instanceof Failure) throw error;
            const failure = signal.aborted ? new Failure(`timed out after ${Math.max(1, Math.round(timeoutMs / 100)) / 10} s`, RE_RUN, {}) : didProxyFail() ? explainProxyError(error) : explainConnectionError(error, endpoint.source);
            if (message === undefined || failure.transient === undefined) throw failure;
            throw new Failure(`the response is incomplete: ${failure.reason}`, failure.advice, failure.transient);
        }
    };
}
function trustCertificates(certificates) {
    if (certificates.length === 0) return;
    requireNode24_5('ca-certificate');
    external_node_tls_namespaceObject.setDefaultCACertificates([
        ...external_node_tls_namespaceObject.getCACertificates('default'),
        ...certificates
    ]);
}
function requireNode24_5(subject) {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    if (major > 24 || major === 24 && minor >= 5) return;
    throw new Failure(`${subject} requires Node.js 24.5, but this runner has ${process.versions.node}`, 'Update the runner to version 2.328.0 or later.');
}
function createAgent(url, signal) {
    if (url.protocol === 'http:') return {
        agent: new external_node_http_namespaceObject.Agent(),
        didProxyFail: ()=>false
    };
    const proxy = findProxy(url);
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    const agent = new external_node_https_namespaceObject.Agent(proxy && {
        proxyEnv: {
            https_proxy: proxy.href
        }
    });
    let hasProxyFailed = false;
    const { createConnection } = agent;
    if (proxy) {
        agent.createConnection = (options, callback)=>{
            const toProxy = createConnection.call(agent, options, (error, socket)=>{
                hasProxyFailed = error !== null && socket === toProxy;
                if (hasProxyFailed) socket.destroy();
                callback?.(error, socket);
            });
            signal.addEventListener('abort', ()=>toProxy?.destroy(signal.reason));
            return toProxy;
        };
    }
    return {
        agent,
        didProxyFail: ()=>hasProxyFailed
    };
}
function findProxy(url) {
    if (checkBypass(url)) return undefined;
    for (const name of [
        'https_proxy',
        'HTTPS_PROXY'
    ]){
        const value = process.env[name];
        if (!value || isProxyUrl(value)) continue;
        throw new Failure(`${name} is not a valid http:// or https:// URL`, 'Use http://user:password@host:port, with special characters percent-encoded.');
    }
    const proxy = getProxyUrl(url);
    if (proxy) requireNode24_5('https_proxy');
    return proxy;
}
function isProxyUrl(value) {
    try {
        const { protocol, username, password } = new URL(value);
        decodeURIComponent(username + password);
        return protocol === 'http:' || protocol === 'https:';
    } catch  {
        return false;
    }
}
async function requestHead({ endpoint: { url, source }, headers, body }, { agent, signal }) {
    const node = url.protocol === 'https:' ? external_node_https_namespaceObject : external_node_http_namespaceObject;
    const isForm = body instanceof URLSearchParams;
    const options = {
        method: body ? 'POST' : 'GET',
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port,
        path: `${url.pathname}${url.search}`,
        headers: {
            accept: 'application/json',
            'user-agent': USER_AGENT,
            ...headers,
            ...body && {
                'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json'
            }
        },
        agent,
        signal
    };
    const request = (options, onResponse)=>watch(node.request(options, onResponse), source);
    const { message } = await new HttpClient().requestRaw({
        options,
        parsedUrl: url,
        httpModule: {
            request
        }
    }, isForm ? body.toString() : JSON.stringify(body));
    return message;
}
function watch(request, source) {
    request.once('upgrade', ({ statusCode }, socket)=>{
        socket.destroy();
        request.emit('error', new Failure(`HTTP ${statusCode} with an unexpected protocol upgrade`, `Check ${source}.`));
    });
    request.once('response', (message)=>{
        request.on('error', (error)=>message.complete || message.destroy(error));
    });
    return request;
}
async function readBody(message, source) {
    const chunks = [];
    let bytes = 0;
    for await (const chunk of message){
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) throw new Failure('the response is larger than 1 MiB', `Check ${source}.`);
        chunks.push(chunk);
    }
    const body = Buffer.concat(chunks).toString().replace(/^\uFEFF/, '');
    const hasLength = 'content-length' in message.headers || 'transfer-encoding' in message.headers;
    if (!hasLength && /^\s*\{/.test(body) && (0,json_object/* parseJsonObject */.d)(body) === undefined) {
        throw new Failure('the response is incomplete', RE_RUN, {});
    }
    return body;
}

;// CONCATENATED MODULE: ./lib/http/retry.js




const BACKOFF_SECONDS = [
    1,
    2.5,
    4,
    8,
    16,
    20
];
const RATE_LIMIT_BACKOFF_SECONDS = [
    4,
    8,
    16,
    20
];
const ATTEMPT_TIMEOUT_MS = 20_000;
const MIN_ATTEMPT_MS = 500;
function delayAfter(transient, situation) {
    const { attempts, busy, retries, msLeft, now, random } = situation;
    if (retries === 0 || !isBusy(transient) && attempts - busy > retries) return {
        stop: 'retries'
    };
    const askedMs = parseRetryAfter(transient, now);
    const roomMs = msLeft - MIN_ATTEMPT_MS;
    if (askedMs > 0 && askedMs >= roomMs) return {
        stop: 'retry-after',
        askedMs
    };
    const seconds = transient.status === 429 ? RATE_LIMIT_BACKOFF_SECONDS : BACKOFF_SECONDS;
    const backoffMs = 1000 * seconds[Math.min(attempts, seconds.length) - 1];
    if (askedMs > 0) return {
        waitMs: askedMs + random * Math.min(backoffMs, roomMs - askedMs)
    };
    return random * backoffMs > roomMs ? {
        stop: 'timeout'
    } : {
        waitMs: random * backoffMs
    };
}
function isBusy({ status }) {
    return status === 429 || status === 503;
}
function parseRetryAfter({ retryAfter = '', date = '' }, now) {
    if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000;
    return Math.max(0, parseDate(retryAfter) - (parseDate(date) || now.getTime())) || 0;
}
function parseDate(text) {
    return / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}
function createAttempt({ retries, deadline }) {
    return async (goal, act)=>{
        let busy = 0;
        for(let attempts = 1;; attempts += 1){
            try {
                return await act(createSend(Math.min(deadline, monotonicMs() + ATTEMPT_TIMEOUT_MS)));
            } catch (error) {
                if (!(error instanceof Failure)) throw error;
                const { reason, advice, transient } = error;
                const count = attempts > 1 ? ` after ${attempts} attempts` : '';
                const giveUp = (fix)=>new Error(`${goal}${count}: ${reason}. ${fix}`);
                if (transient === undefined) throw giveUp(advice);
                if (isBusy(transient)) busy += 1;
                const msLeft = deadline - monotonicMs();
                const situation = {
                    attempts,
                    busy,
                    retries,
                    msLeft,
                    now: new Date(),
                    random: Math.random()
                };
                const delay = delayAfter(transient, situation);
                if ('stop' in delay) {
                    throw giveUp(delay.stop === 'retry-after' ? adviseToWait(delay.askedMs, msLeft) : advice);
                }
                const limit = isBusy(transient) ? ', until timeout' : ` of ${retries + 1 + busy}`;
                const seconds = Math.max(0.1, delay.waitMs / 1000).toFixed(1);
                info(`${reason}; retrying in ${seconds} s (attempt ${attempts + 1}${limit})`);
                await new Promise((resolve)=>setTimeout(resolve, delay.waitMs));
            }
        }
    };
}
function adviseToWait(askedMs, msLeft) {
    const asked = askedMs > 86_400_000 ? 'more than a day' : `${Math.ceil(askedMs / 1000)} s`;
    const left = Math.max(0, Math.floor(msLeft / 1000));
    return `The server asked to wait ${asked} (Retry-After), but only ${left} s of timeout are left. Re-run the job later, or increase timeout.`;
}

;// CONCATENATED MODULE: ./lib/oauth/endpoint.js
const SPOTIFY_TOKEN_URL = 'https://accounts.spotify.com/api/token';
const MAX_URL_CHARACTERS = 2000;
const MAX_HOST_CHARACTERS = 253;
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
function parseEndpoint(source, text) {
    const found = findUrlProblem(text);
    if (found !== undefined) throw new Error(`${source} ${found.problem}. ${found.fix}`);
    return {
        url: new URL(text),
        source
    };
}
function parseIssuer(source, text) {
    const endpoint = parseEndpoint(source, text);
    if (text.includes('?')) {
        throw new Error(`${source} must not contain a query string (RFC 8414, section 2). Remove it.`);
    }
    if (text.includes('/.well-known/')) {
        throw new Error(`${source} must be the issuer, not the URL of its metadata. Remove /.well-known/openid-configuration or /.well-known/oauth-authorization-server.`);
    }
    return {
        ...endpoint,
        identifier: text
    };
}
function findUrlProblem(text) {
    const isPlain = /^[a-z]+:\/\/[^\s\p{Cc}\\]+$/iu.test(text);
    if (!isPlain || !URL.canParse(text)) {
        return {
            problem: 'is not a valid URL',
            fix: 'Use a full URL that starts with https://.'
        };
    }
    const url = new URL(text);
    if (text.length > MAX_URL_CHARACTERS || url.hostname.length > MAX_HOST_CHARACTERS) {
        return {
            problem: 'is too long for a URL',
            fix: 'Check the value.'
        };
    }
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK_HOST.test(url.hostname))) {
        return {
            problem: 'must use https',
            fix: 'Plain http is allowed only for localhost.'
        };
    }
    if (url.username !== '' || url.password !== '') {
        return {
            problem: 'must not contain a user name or password',
            fix: 'Use client-id and client-secret instead.'
        };
    }
    if (text.includes('#')) return {
        problem: 'must not contain a fragment (#)',
        fix: 'Remove it.'
    };
    return undefined;
}

;// CONCATENATED MODULE: ./lib/oauth/pem.js
const STORE_COMPLETE_FILE = 'Store the complete file, including the BEGIN and END lines.';
function unescapeLineBreaks(text) {
    return text.replaceAll('\\r', '').replaceAll('\\n', '\n');
}
function findPemBlocks(text) {
    return [
        ...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/gs)
    ].map(([, label = '', body = ''])=>({
            label,
            body
        }));
}

;// CONCATENATED MODULE: ./lib/oauth/private-key.js


const MIN_RSA_BITS = 2048;
const MIN_LINE_CHARACTERS = 8;
const KEY_TYPES = new Map([
    [
        'PRIVATE KEY',
        'pkcs8'
    ],
    [
        'RSA PRIVATE KEY',
        'pkcs1'
    ],
    [
        'EC PRIVATE KEY',
        'sec1'
    ]
]);
const OTHER_LABELS = [
    [
        /^JWK$/,
        'is a JWK, which is not supported. Export the key as PEM, or convert it.'
    ],
    [
        /^OPENSSH PRIVATE KEY$/,
        'is in OpenSSH format, which is not supported. Convert a copy with ssh-keygen -p -m PKCS8 -f FILE.'
    ],
    [
        /PUBLIC KEY$/,
        'is a public key. Use the matching private key.'
    ],
    [
        /^CERTIFICATE REQUEST$/,
        'is a certificate signing request. Use the private key that it was created with.'
    ],
    [
        /CERTIFICATE$/,
        'is a certificate without a private key. Add the private key.'
    ]
];
const ALGORITHMS_BY_TYPE = new Map([
    [
        'rsa',
        [
            'RS256',
            'PS256',
            'RS384',
            'PS384',
            'RS512',
            'PS512'
        ]
    ],
    [
        'prime256v1',
        [
            'ES256'
        ]
    ],
    [
        'secp384r1',
        [
            'ES384'
        ]
    ],
    [
        'secp521r1',
        [
            'ES512'
        ]
    ],
    [
        'ed25519',
        [
            'EdDSA',
            'Ed25519'
        ]
    ]
]);
function findKeyLines(text) {
    if (text === '') return [];
    const pem = unpack(text);
    const bodies = findBlocks(pem).flatMap(({ body })=>body.split(/[\s\\]+/));
    const lines = [
        text,
        pem
    ].flatMap((form)=>form.split(/[\r\n]+/)).map((line)=>line.trim());
    return [
        ...new Set([
            ...lines,
            ...bodies
        ])
    ].filter((line)=>line.length >= MIN_LINE_CHARACTERS && !/^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line)).sort((a, b)=>a.length - b.length);
}
function parsePrivateKey(text) {
    const blocks = findBlocks(unpack(text));
    const block = blocks.find(({ label })=>KEY_TYPES.has(label));
    if (blocks.some(({ label, body })=>label === 'ENCRYPTED PRIVATE KEY' || body.includes('ENCRYPTED'))) {
        throw new Error('private-key is encrypted; passphrases are not supported. Decrypt it with openssl pkey -in FILE and store the output as the secret.');
    }
    if (block === undefined) {
        const [, message = `is not a PEM private key. ${STORE_COMPLETE_FILE}`] = OTHER_LABELS.find(([pattern])=>blocks.some(({ label })=>pattern.test(label))) ?? [];
        throw new Error(`private-key ${message}`);
    }
    const key = readKey(block);
    const algorithms = findAlgorithms(key);
    const certificateThumbprint = findThumbprint(blocks, key);
    if (certificateThumbprint === undefined) return {
        key,
        algorithms,
        certificateThumbprint
    };
    const isFirst = (name)=>Number(name === 'PS256');
    return {
        key,
        algorithms: algorithms.toSorted((a, b)=>isFirst(b) - isFirst(a)),
        certificateThumbprint
    };
}
function unpack(text) {
    const plain = unescapeLineBreaks(text);
    if (plain.includes('-----BEGIN')) return plain;
    const decoded = Buffer.from(plain, 'base64').toString('latin1');
    if (decoded.includes('-----BEGIN')) return decoded;
    return /^[A-Za-z0-9+/=\s]{40,}$/.test(plain) ? `-----BEGIN PRIVATE KEY-----\n${plain}\n-----END PRIVATE KEY-----` : plain;
}
function findBlocks(pem) {
    return /^\s*\{/.test(pem) ? [
        {
            label: 'JWK',
            body: ''
        }
    ] : findPemBlocks(pem);
}
function readKey({ label, body }) {
    const type = KEY_TYPES.get(label);
    try {
        const key = (0,external_node_crypto_.createPrivateKey)({
            key: Buffer.from(body, 'base64'),
            format: 'der',
            type
        });
        if (canSign(key)) return key;
    } catch  {}
    throw new Error(`private-key is truncated or corrupt. ${STORE_COMPLETE_FILE}`);
}
function canSign(key) {
    if (!/^(rsa|ec|ed25519)$/.test(`${key.asymmetricKeyType}`)) return true;
    const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    const data = Buffer.from('test');
    return (0,external_node_crypto_.verify)(digest, data, (0,external_node_crypto_.createPublicKey)(key), (0,external_node_crypto_.sign)(digest, data, key));
}
function findAlgorithms({ asymmetricKeyType, asymmetricKeyDetails }) {
    const { namedCurve, modulusLength = MIN_RSA_BITS } = {
        ...asymmetricKeyDetails
    };
    const type = namedCurve ?? `${asymmetricKeyType}`;
    const algorithms = ALGORITHMS_BY_TYPE.get(type);
    if (algorithms === undefined) {
        throw new Error(`private-key has the unsupported type ${type}. Use RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519.`);
    }
    if (modulusLength < MIN_RSA_BITS) {
        throw new Error(`private-key is too short: ${modulusLength} bits. Use an RSA key of ${MIN_RSA_BITS} bits or more.`);
    }
    return algorithms;
}
function findThumbprint(blocks, key) {
    const certificates = blocks.filter(({ label })=>label === 'CERTIFICATE').map(({ body })=>Buffer.from(body, 'base64'));
    if (certificates.length === 0) return undefined;
    const own = certificates.find((certificate)=>belongsTo(certificate, key));
    if (own === undefined) {
        throw new Error('private-key contains a certificate that does not match the key or is corrupt. Use the certificate issued for this key, or remove it.');
    }
    return (0,external_node_crypto_.createHash)('sha256').update(own).digest('base64url');
}
function belongsTo(certificate, key) {
    try {
        return new external_node_crypto_.X509Certificate(certificate).checkPrivateKey(key);
    } catch  {
        return false;
    }
}

;// CONCATENATED MODULE: ./lib/inputs/values.js

const WHERE_VALUES_COME_FROM = 'Check that the secret or variable exists and is available to this job (environment secrets need environment:). Repository secrets are not passed to workflows triggered from forks or by Dependabot.';
function readText(name) {
    const value = getInput(name);
    if (value.includes('${{')) {
        throw new Error(`${name} contains an unevaluated \${{ expression. Write it directly in the workflow file, for example \${{ secrets.NAME }}.`);
    }
    return value;
}
function requireText(name, advice = WHERE_VALUES_COME_FROM) {
    const value = readText(name);
    if (value === '') throw new Error(`${name} is empty. ${advice}`);
    return value;
}
function readLine(name) {
    const value = readText(name);
    if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
        throw new Error(`${name} contains a line break or control character. Store it again as a single line.`);
    }
    return value === '' ? undefined : value;
}
function requireLine(name, advice) {
    requireText(name, advice);
    return readLine(name);
}
function readLines(name) {
    return readText(name).split(/[\r\n]+/).map((line)=>line.trim()).filter((line)=>line !== '');
}
function readInteger(name, min, max) {
    const text = getInput(name);
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
        throw new Error(`${name} must be an integer from ${min} to ${max}.`);
    }
    return value;
}
function readNameOr(fallback, name, names) {
    const value = getInput(name) || fallback;
    const found = names.find((candidate)=>candidate === value);
    if (found === undefined) throw new Error(`${name} must be one of ${names.join(', ')}.`);
    return found;
}
function readBoolean(name) {
    const text = getInput(name).toLowerCase();
    if (text !== 'true' && text !== 'false') throw new Error(`${name} must be true or false.`);
    return text === 'true';
}

;// CONCATENATED MODULE: ./lib/inputs/ca-certificate.js





function readCaCertificates() {
    const text = unescapeLineBreaks(readText('ca-certificate'));
    if (text === '') return [];
    const blocks = findPemBlocks(text);
    if (blocks.some(({ label })=>label.endsWith('PRIVATE KEY'))) {
        for (const line of findKeyLines(text))setSecret(line);
        throw new Error('ca-certificate contains a private key. Remove it; only the certificate is needed.');
    }
    if (blocks.length === 0 || blocks.some(({ label })=>label !== 'CERTIFICATE')) {
        throw new Error(`ca-certificate is not a PEM certificate. ${STORE_COMPLETE_FILE}`);
    }
    return blocks.map(({ body })=>parseCertificate(body));
}
function parseCertificate(body) {
    const certificate = readCertificate(Buffer.from(body, 'base64'));
    if (certificate.validToDate.getTime() < Date.now()) {
        const [day] = certificate.validToDate.toISOString().split('T');
        throw new Error(`ca-certificate contains a certificate that expired on ${day}. Replace it.`);
    }
    return certificate.toString();
}
function readCertificate(der) {
    try {
        return new external_node_crypto_.X509Certificate(der);
    } catch  {
        throw new Error(`ca-certificate contains a certificate that is truncated or corrupt. ${STORE_COMPLETE_FILE}`);
    }
}

;// CONCATENATED MODULE: ./lib/oauth/client.js
const HMAC_ALGORITHMS = [
    'HS256',
    'HS384',
    'HS512'
];

;// CONCATENATED MODULE: ./lib/inputs/grant.js



const GRANT_TYPES = [
    'client_credentials',
    'token_exchange',
    'jwt_bearer',
    'refresh_token'
];
function readGrantType() {
    return readNameOr('client_credentials', 'grant-type', GRANT_TYPES);
}
function sendsIdToken(type) {
    return type === 'token_exchange' || type === 'jwt_bearer';
}
function readGrant(type) {
    if (type === 'refresh_token') return {
        type,
        refreshToken: readRefreshToken()
    };
    if (readText('refresh-token') !== '') {
        throw new Error(`refresh-token cannot be used with grant-type ${type}. Remove it, or set grant-type to refresh_token.`);
    }
    if (!sendsIdToken(type)) return {
        type
    };
    return {
        type,
        idTokenRequest: readIdTokenRequest(`grant-type ${type}`),
        audience: readLine('assertion-audience')
    };
}
function readRefreshToken() {
    if (readText('revocation-url') !== '') {
        throw new Error('revocation-url cannot be used with grant-type refresh_token, because many servers would also revoke the refresh token. Remove it.');
    }
    return requireLine('refresh-token', `Obtain one once with the authorization code grant and store it as a secret. ${WHERE_VALUES_COME_FROM}`);
}
function readIdTokenRequest(subject) {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken } = process.env;
    if (!url || !requestToken) {
        throw new Error(`${subject} requires permissions: id-token: write. Add it to the job; workflows triggered from forks cannot get it.`);
    }
    setSecret(requestToken);
    return {
        endpoint: parseEndpoint('ACTIONS_ID_TOKEN_REQUEST_URL', url),
        requestToken
    };
}

;// CONCATENATED MODULE: ./lib/inputs/client.js




const METHODS = {
    client_secret_basic: {
        inputs: [
            'client-secret'
        ],
        read: ()=>({
                method: 'client_secret_basic',
                clientSecret: requireLine('client-secret')
            })
    },
    client_secret_post: {
        inputs: [
            'client-secret'
        ],
        read: ()=>({
                method: 'client_secret_post',
                clientSecret: requireLine('client-secret')
            })
    },
    client_secret_jwt: {
        inputs: [
            'client-secret',
            'signing-algorithm',
            'assertion-audience'
        ],
        read: ()=>({
                method: 'client_secret_jwt',
                clientSecret: requireLine('client-secret'),
                algorithm: readAlgorithm('client_secret_jwt supports', HMAC_ALGORITHMS),
                audience: readLine('assertion-audience')
            })
    },
    private_key_jwt: {
        inputs: [
            'private-key',
            'key-id',
            'signing-algorithm',
            'assertion-audience'
        ],
        read: ()=>{
            const privateKey = parsePrivateKey(requireText('private-key'));
            return {
                method: 'private_key_jwt',
                privateKey,
                keyId: readLine('key-id'),
                algorithm: readAlgorithm('private-key supports', privateKey.algorithms),
                audience: readLine('assertion-audience')
            };
        }
    },
    github_oidc: {
        inputs: [
            'assertion-audience'
        ],
        read: ()=>({
                method: 'github_oidc',
                idTokenRequest: readIdTokenRequest('auth-method github_oidc'),
                audience: readLine('assertion-audience')
            })
    },
    none: {
        inputs: [],
        read: ()=>({
                method: 'none'
            })
    }
};
function readClient(grantType) {
    const method = readMethod(grantType);
    const { inputs, read } = METHODS[method];
    const isIdOptional = sendsIdToken(grantType) && (method === 'none' || method === 'github_oidc');
    const clientId = isIdOptional ? readLine('client-id') ?? '' : requireLine('client-id');
    const allowed = sendsIdToken(grantType) ? [
        ...inputs,
        'assertion-audience'
    ] : inputs;
    const others = Object.values(METHODS).flatMap((other)=>other.inputs);
    const unused = others.find((name)=>!allowed.includes(name) && readText(name) !== '');
    if (unused !== undefined) throw new Error(describeUnused(unused, method));
    return {
        clientId,
        credentials: read()
    };
}
function readMethod(grantType) {
    const hasNoSecret = sendsIdToken(grantType) && readText('client-secret') === '';
    const method = readNameOr(hasNoSecret ? 'none' : 'client_secret_basic', 'auth-method', Object.keys(METHODS));
    if (method === 'none' && grantType === 'client_credentials') {
        throw new Error('auth-method none cannot be used with grant-type client_credentials, which requires client authentication. Remove it, or set grant-type.');
    }
    return method;
}
function describeUnused(name, method) {
    const methods = Object.entries(METHODS).filter(([, { inputs }])=>inputs.includes(name));
    return `${name} cannot be used with auth-method ${method}. Remove it, or set another auth-method (${methods.map(([other])=>other).join(', ')}).`;
}
function readAlgorithm(subject, algorithms) {
    const algorithm = readLine('signing-algorithm');
    if (algorithm !== undefined && !algorithms.includes(algorithm)) {
        throw new Error(`signing-algorithm is not supported. ${subject} ${algorithms.join(', ')}.`);
    }
    return algorithm;
}

;// CONCATENATED MODULE: ./lib/inputs/parameters.js

const RESERVED_NAMES = [
    'grant_type',
    'scope',
    'audience',
    'resource',
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
    'subject_token',
    'assertion',
    'refresh_token'
];
function readScope() {
    return readText('scope').split(/\s+/).filter((name)=>name !== '').join(' ');
}
function readParameters() {
    return [
        ...readAudience(),
        ...readResources(),
        ...readExtraParameters()
    ];
}
function readAudience() {
    const audience = readLine('audience');
    return audience === undefined ? [] : [
        [
            'audience',
            audience
        ]
    ];
}
function readResources() {
    return readLines('resource').map((uri)=>{
        if (!URL.canParse(uri) || /[#\s\\]/.test(uri)) {
            throw new Error('resource must contain absolute URIs without a fragment, one per line (RFC 8707, section 2), for example https://api.example.com.');
        }
        return [
            'resource',
            uri
        ];
    });
}
function readExtraParameters() {
    return readLines('extra-params').map((line)=>{
        const [, name, value = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? [];
        if (name === undefined) throw new Error('extra-params must contain name=value pairs, one per line.');
        if (RESERVED_NAMES.includes(name)) {
            throw new Error(`extra-params cannot set ${name}. Remove it, or use the matching input.`);
        }
        return [
            name,
            value
        ];
    });
}

;// CONCATENATED MODULE: ./lib/inputs/server.js



function readServer(method, grantType) {
    const issuer = readText('issuer');
    const tokenUrl = readText('token-url');
    if (issuer !== '') {
        if (tokenUrl !== '' && tokenUrl !== SPOTIFY_TOKEN_URL) {
            throw new Error('issuer and token-url cannot both be set. Remove one of them.');
        }
        return {
            issuer: parseIssuer('issuer', issuer)
        };
    }
    requireText('token-url', 'Set it to the URL of the token endpoint, or remove the input to use Spotify.');
    if (tokenUrl === SPOTIFY_TOKEN_URL) rejectForSpotify(method, grantType);
    return {
        token: parseEndpoint('token-url', tokenUrl)
    };
}
function rejectForSpotify(method, grantType) {
    const unsupported = [
        ...[
            'audience',
            'resource',
            'revocation-url'
        ].filter((name)=>readText(name) !== ''),
        ...sendsIdToken(grantType) ? [
            `grant-type ${grantType}`
        ] : [],
        ...readRequestFormat() === 'json' ? [
            'request-format json'
        ] : [],
        .../^(client_secret_(basic|post)|none)$/.test(method) ? [] : [
            `auth-method ${method}`
        ]
    ][0];
    if (unsupported === undefined) return;
    throw new Error(`${unsupported} is not supported by Spotify, the default server. Set token-url or issuer; if issuer is already set, check that its value is not empty.`);
}
function readRequestFormat() {
    return readNameOr('form', 'request-format', [
        'form',
        'json'
    ]);
}
function readRevocation(grantType) {
    const isOn = readBoolean('revoke');
    const url = readText('revocation-url');
    const revocation = url === '' ? 'discover' : parseEndpoint('revocation-url', url);
    return isOn && grantType !== 'refresh_token' ? revocation : 'off';
}

;// CONCATENATED MODULE: ./lib/inputs/sharing.js

const KEY_BYTES = 32;
const CREATE_KEY = 'Create one with openssl rand -base64 32 and store it as a secret.';
function readSharing() {
    const token = readLine('shared-token');
    const text = readText('share-key');
    if (text === '') {
        if (token === undefined) return undefined;
        throw new Error(`share-key is empty, but shared-token requires it. ${WHERE_VALUES_COME_FROM}`);
    }
    return {
        key: parseKey(text),
        run: findRun(),
        token
    };
}
function parseKey(text) {
    if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) throw new Error(`share-key is not base64. ${CREATE_KEY}`);
    const key = Buffer.from(text, 'base64');
    if (key.length !== KEY_BYTES) {
        throw new Error(`share-key must be ${KEY_BYTES} bytes in base64, but has ${key.length} bytes. ${CREATE_KEY}`);
    }
    return key;
}
function findRun() {
    const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = process.env;
    if (!server || !repository || !run) {
        throw new Error('share-key requires the variables GITHUB_SERVER_URL, GITHUB_REPOSITORY and GITHUB_RUN_ID. Run this action on GitHub Actions or a compatible runner.');
    }
    return `${server}/${repository}/actions/runs/${run}`;
}

;// CONCATENATED MODULE: ./lib/inputs/inputs.js










const REQUESTING_INPUTS = [
    'client-id',
    'client-secret',
    'private-key',
    'refresh-token',
    'grant-type',
    'auth-method'
];
const OTHER_REQUEST_INPUTS = [
    'token-url',
    'issuer',
    'scope',
    'audience',
    'resource',
    'extra-params',
    'request-format',
    'key-id',
    'signing-algorithm',
    'assertion-audience',
    'revocation-url',
    'ca-certificate'
];
function readInputs() {
    const secrets = [
        getInput('client-secret'),
        getInput('refresh-token'),
        getInput('share-key'),
        ...findKeyLines(getInput('private-key'))
    ];
    for (const secret of secrets)if (secret !== '') setSecret(secret);
    const sharing = readSharing();
    const isRequesting = isSet(REQUESTING_INPUTS) || sharing?.token === undefined && isSet(OTHER_REQUEST_INPUTS);
    if (sharing === undefined || isRequesting) return {
        request: readRequest(sharing),
        sharing
    };
    const { token } = sharing;
    if (token === undefined) {
        throw new Error("shared-token is empty. Check that the job in needs sets this output; if its log says Skip output 'shared-token' since it may contain secret, remove secrets of two or three characters from that job.");
    }
    const unused = OTHER_REQUEST_INPUTS.find((name)=>isSet([
            name
        ]));
    if (unused !== undefined) {
        throw new Error(`${unused} cannot be used with shared-token unless client-id is set. Remove it, or set client-id and its credentials.`);
    }
    return {
        request: undefined,
        sharing: {
            ...sharing,
            token
        }
    };
}
function isSet(names) {
    return names.map(readText).some((value)=>value !== '' && value !== SPOTIFY_TOKEN_URL);
}
function readRequest(sharing) {
    const grantType = readGrantType();
    const client = readClient(grantType);
    const isShared = sharing !== undefined && sharing.token === undefined;
    const revocation = readRevocation(grantType);
    return {
        client,
        grant: readGrant(grantType),
        server: readServer(client.credentials.method, grantType),
        format: readRequestFormat(),
        scope: readScope(),
        parameters: readParameters(),
        caCertificates: readCaCertificates(),
        timeoutMs: 1000 * readInteger('timeout', 1, 3600),
        retries: readInteger('retries', 0, 10),
        revocation: isShared ? 'off' : revocation
    };
}

;// CONCATENATED MODULE: ./lib/http/printable.js
const MAX_CHARACTERS = 500;
const MAX_READ_CHARACTERS = 10_000;
const MIN_SLICE_CHARACTERS = 12;
const MAX_SECRET_CHARACTERS = 65_536;
function printable(text, secrets = []) {
    const redacted = redact(toAscii(text.slice(0, MAX_READ_CHARACTERS)), secrets);
    const shown = redacted.replaceAll('##[', '## [');
    return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS - 3)}...` : shown;
}
function toAscii(text) {
    return text.replace(/[^\x20-\x7e]/gu, '?');
}
function redact(text, secrets) {
    const isSecret = findSecrets(text, secrets);
    return text.replace(/[^ ]+/g, (word, start)=>isSecret.slice(start, start + word.length).includes(true) ? '***' : word);
}
function findSecrets(text, secrets) {
    const slicesOfText = new Map();
    const found = new Set();
    for (const form of new Set(secrets.flatMap(encodedForms))){
        const size = Math.min(form.length, MIN_SLICE_CHARACTERS);
        const present = slicesOfText.get(size) ?? new Set(slicesOf(text, size));
        slicesOfText.set(size, present);
        for(let start = 0; start + size <= form.length; start += 1){
            const slice = form.slice(start, start + size);
            if (present.has(slice)) found.add(slice);
        }
    }
    const isSecret = new Array(text.length).fill(false);
    for (const size of new Set([
        ...found
    ].map(({ length })=>length))){
        for (const [start, slice] of slicesOf(text, size).entries()){
            if (found.has(slice)) isSecret.fill(true, start, start + size);
        }
    }
    return isSecret;
}
function encodedForms(secret) {
    const text = secret.slice(0, MAX_SECRET_CHARACTERS).trim().toWellFormed();
    if (text === '') return [];
    const base64 = [
        0,
        1,
        2
    ].flatMap((offset)=>{
        const encoded = Buffer.from('x'.repeat(offset) + text).toString('base64');
        const inner = encoded.slice(offset && offset + 1).replace(/.?={1,2}$/, '');
        return [
            inner,
            inner.replaceAll('+', '-').replaceAll('/', '_')
        ];
    });
    return [
        text,
        encodeURIComponent(text),
        new URLSearchParams({
            '': text
        }).toString().slice('='.length),
        JSON.stringify(text).slice(1, -1),
        text.replace(/[&<>"']/g, (character)=>`&#${character.charCodeAt(0)};`),
        text.replace(/[&<>"']/g, (character)=>XML_ENTITIES.get(character)),
        text.toLowerCase(),
        ...base64.filter(({ length })=>length >= MIN_SLICE_CHARACTERS)
    ].map(toAscii);
}
const XML_ENTITIES = new Map([
    [
        '&',
        '&amp;'
    ],
    [
        '<',
        '&lt;'
    ],
    [
        '>',
        '&gt;'
    ],
    [
        '"',
        '&quot;'
    ],
    [
        "'",
        '&apos;'
    ]
]);
function slicesOf(text, size) {
    return Array.from({
        length: text.length - size + 1
    }, (_slice, start)=>text.slice(start, start + size));
}

;// CONCATENATED MODULE: ./lib/oauth/advice.js


const CHECK_SECRET = 'Check that client-id and client-secret belong to the same app and that the secret has not been rotated or expired.';
function adviseOnSecret(client, target, encoded = []) {
    const other = client.credentials.method === 'client_secret_post' ? 'client_secret_basic' : 'client_secret_post';
    return [
        CHECK_SECRET,
        `Also check auth-method: the app may require ${other} or private_key_jwt.`,
        ...findNotes(client, target).map(toNote),
        ...encoded.map((name)=>toNote(`${name} contains characters that client_secret_basic encodes (RFC 6749, section 2.3.1) but some servers do not decode; try client_secret_post`))
    ].join(' ');
}
function adviseOnAssertion(client, target, { alg, audience }) {
    const { credentials } = client;
    const isSigned = credentials.method === 'private_key_jwt';
    const withKeyId = isSigned && credentials.keyId !== undefined ? ' with this key-id' : '';
    const { tokenUrl } = target;
    const alternative = tokenUrl === undefined || tokenUrl === audience ? '' : `; some servers require ${printable(tokenUrl)}`;
    return [
        isSigned ? `Check that the public key is registered for client-id${withKeyId}.` : CHECK_SECRET,
        `Also check signing-algorithm (${alg}), assertion-audience (${printable(audience)}${alternative}), auth-method (${credentials.method}) and the runner's clock.`,
        ...findNotes(client, target).map(toNote)
    ].join(' ');
}
function adviseOnIdToken(client, target, claims) {
    return [
        `Check that the server trusts this ID token${client.clientId === '' ? '' : ' for client-id'}, and that the app uses auth-method github_oidc. Its claims: ${claims}.`,
        ...findNotes(client, target).map(toNote)
    ].join(' ');
}
function adviseOnNoAuthentication(client, target) {
    const fix = client.clientId === '' ? 'Check auth-method: the server may require client-id or client authentication.' : 'Check client-id and auth-method: the server may require client authentication.';
    return [
        fix,
        ...findNotes(client, target).map(toNote)
    ].join(' ');
}
function findNotes({ clientId, credentials }, target) {
    const { audience, authMethods } = target;
    const { method } = credentials;
    const clientSecret = 'clientSecret' in credentials ? credentials.clientSecret : '';
    const notes = [];
    if (audience === SPOTIFY_TOKEN_URL && !/^[0-9a-f]{32}$/.test(clientId)) {
        notes.push('client-id does not look like a Spotify client ID; for another server, set token-url or a non-empty issuer');
    }
    if (clientSecret !== '' && clientId === clientSecret) notes.push('client-id and client-secret are identical');
    for (const [name, value] of Object.entries({
        'client-id': clientId,
        'client-secret': clientSecret
    })){
        if (/^(["'`]).*\1$/.test(value)) notes.push(`${name} is wrapped in quotes`);
        if (/\s/.test(value)) notes.push(`${name} contains whitespace`);
    }
    const registered = method === 'github_oidc' ? 'private_key_jwt' : method;
    if (authMethods.length > 0 && !authMethods.includes(registered)) {
        const listed = printable(authMethods.join(', '), [
            clientSecret
        ]);
        notes.push(`the server metadata lists ${listed} as supported, but not ${registered}`);
    }
    return notes;
}
function toNote(note) {
    return `Note: ${note}.`;
}

;// CONCATENATED MODULE: ./lib/oauth/error-response.js




const SERVER_PROBLEM = ()=>`This is a server-side problem. ${RE_RUN}`;
const adviseOnClient = (source, { client })=>client?.() ?? `Check ${source}.`;
const adviseOnGrant = (source, rejected)=>rejected.grant?.() ?? `${adviseOnClient(source, rejected)} ${rejected.enableGrant ?? ''}`.trim();
const NOT_THE_SERVER = (source)=>`Check ${source}. The response may also come from a proxy or captive portal.`;
const ADVICE_BY_CODE = new Map([
    [
        'invalid_request',
        (source, { format })=>`A parameter is missing or not supported. Check scope, audience, resource, extra-params${format === 'json' ? ', request-format' : ''} and auth-method, and that ${source} is the right endpoint.`
    ],
    [
        'invalid_client',
        adviseOnClient
    ],
    [
        'invalid_grant',
        adviseOnGrant
    ],
    [
        'unauthorized_client',
        (source, rejected)=>`${adviseOnClient(source, rejected)} ${rejected.enableGrant ?? ''}`.trim()
    ],
    [
        'unsupported_grant_type',
        (source, { enableGrant = '' })=>`Check ${source}. ${enableGrant}`.trim()
    ],
    [
        'invalid_scope',
        ()=>'Check scope: it is missing, unknown, or not granted to this app.'
    ],
    [
        'invalid_target',
        ()=>'Check resource and audience: the API is missing, unknown, or not granted to this app.'
    ]
]);
const ADVICE_BY_STATUS = new Map([
    [
        401,
        (source, rejected)=>`${adviseOnClient(source, rejected)} Also check ${source}: its path may be wrong.`
    ],
    [
        403,
        (source, rejected)=>`${adviseOnClient(source, rejected)} Also check scope, audience, and whether the server blocks the runner's IP address.`
    ],
    [
        404,
        (source)=>`Check the path in ${source}.`
    ],
    [
        405,
        (source)=>`Check the path in ${source}: it does not support this method.`
    ],
    [
        408,
        SERVER_PROBLEM
    ],
    [
        415,
        (_source, { format })=>format === 'json' ? 'Set request-format to form: the server does not accept JSON.' : 'Set request-format to json if the server requires JSON.'
    ],
    [
        429,
        ()=>'Too many requests. Re-run the job later, or run fewer jobs in parallel.'
    ],
    [
        500,
        (source, rejected)=>rejected.client === undefined ? SERVER_PROBLEM(source, rejected) : `${SERVER_PROBLEM(source, rejected)} Some servers also return 500 for an unknown client: check client-id and the credentials.`
    ]
]);
const TRANSIENT_STATUSES = [
    408,
    429,
    500,
    502,
    503,
    504
];
function explainErrorResponse(response, rejected) {
    const { status, endpoint } = response;
    const isRedirect = status >= 300 && status < 400;
    return isRedirect ? new Failure(describeRedirect(response, rejected.secrets), `Check ${endpoint.source}: its path is probably wrong. Redirects are not followed because they could leak the credentials.`) : new Failure(describeError(response, rejected.secrets), adviseOn(response, rejected), findTransient(response));
}
function findTransient({ status, headers }) {
    if (!TRANSIENT_STATUSES.includes(status)) return undefined;
    return {
        status,
        retryAfter: headers['retry-after'],
        date: headers.date
    };
}
function adviseOn({ status, body, endpoint: { source } }, rejected) {
    const members = (0,json_object/* parseJsonObject */.d)(body);
    const code = findCode(members);
    if (/dpop/i.test(`${code} ${findDescription(members)}`)) {
        return 'The action does not send DPoP proofs (RFC 9449). Turn off the DPoP requirement for this app.';
    }
    const byStatus = ADVICE_BY_STATUS.get(status) ?? (status >= 500 && status < 600 ? SERVER_PROBLEM : undefined);
    const fallback = members === undefined ? NOT_THE_SERVER : (source)=>status === 400 ? `Check ${source} and auth-method.` : `Check ${source}.`;
    const byCode = code === undefined ? undefined : ADVICE_BY_CODE.get(code);
    if (code !== undefined && rejected.grantCodes?.includes(code)) {
        return [
            adviseOnGrant,
            byCode
        ].map((advise)=>advise?.(source, rejected) ?? '').join(' ').trim();
    }
    return (byCode ?? byStatus ?? fallback)(source, rejected);
}
function describeError(response, secrets) {
    const { status, body } = response;
    const members = (0,json_object/* parseJsonObject */.d)(body);
    if (members === undefined) return `HTTP ${status} with ${describeBody(response)}`;
    const show = (text)=>printable(text.replace(`HTTP ${status} `, ''), secrets);
    const code = findCode(members);
    const description = findDescription(members);
    const parts = [
        `HTTP ${status}`
    ];
    if (code !== undefined) parts.push(show(code));
    if (description !== undefined) parts.push(`(${show(description).replace(/(?<!\.)\.$/, '')})`);
    if (status < 400 && parts.length === 1) parts.push('with an unspecified error');
    return parts.join(' ');
}
function describeRedirect({ status, headers: { location }, endpoint: { url } }, secrets) {
    const origin = location !== undefined && URL.canParse(location, url) ? new URL(location, url).origin : 'null';
    if (origin === 'null') return `HTTP ${status} redirect without a valid Location`;
    const target = origin === url.origin ? 'another path on the same server' : printable(origin, secrets);
    return `HTTP ${status} redirect to ${target}`;
}
function describeBody({ body, headers }) {
    if (body.trim() === '') return 'an empty response';
    if (headers['content-encoding']) return 'an unexpected compressed response';
    return /^\s*<(!doctype|html|head|body|\?xml)/i.test(body) ? 'an HTML page instead of JSON' : 'a response that is not a JSON object';
}
function findCode(members = {}) {
    return findText([
        members['error']
    ]);
}
function findDescription(members = {}) {
    const { error } = members;
    const nested = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
    return findText([
        members["error_description"],
        nested,
        members['message'],
        members['detail'],
        members['title']
    ]);
}
function findText(candidates) {
    return candidates.find((value)=>typeof value === 'string' && value.trim() !== '');
}

;// CONCATENATED MODULE: ./lib/oauth/github-id-token.js





const CHECK_PERMISSION = 'Check that the job has permissions: id-token: write, and check assertion-audience if set.';
function createIdTokenSource({ endpoint, requestToken }, audience) {
    const url = new URL(endpoint.url);
    url.searchParams.append('audience', audience);
    const request = {
        endpoint: {
            ...endpoint,
            url
        },
        headers: {
            authorization: `Bearer ${requestToken}`
        }
    };
    const secrets = [
        requestToken
    ];
    return async (send)=>{
        const idToken = await send(request).then((response)=>parseIdToken(response, secrets)).catch(({ reason, advice, transient })=>{
            throw new Failure(`the ID token request to ${url.host} failed: ${reason}`, advice, transient);
        });
        setSecret(idToken);
        secrets.push(idToken);
        return {
            idToken,
            secrets: [
                ...secrets
            ],
            describeClaims: ()=>describeClaims(idToken, secrets)
        };
    };
}
function parseIdToken(response, secrets) {
    if (response.status !== 200) {
        const failure = explainErrorResponse(response, {
            secrets
        });
        throw failure.transient ? failure : new Failure(failure.reason, CHECK_PERMISSION);
    }
    const value = (0,json_object/* parseJsonObject */.d)(response.body)?.['value'];
    if (typeof value !== 'string' || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) {
        throw new Failure(`HTTP ${response.status} without an ID token`, CHECK_PERMISSION);
    }
    return value;
}
function describeClaims(idToken, secrets) {
    const claims = (0,json_object/* parseJsonObject */.d)(Buffer.from(idToken.split('.')[1], 'base64url').toString()) ?? {};
    return [
        'iss',
        'sub',
        'aud'
    ].map((name)=>`${name}=${typeof claims[name] === 'string' ? printable(claims[name], secrets) : '?'}`).join(', ').concat(' (assertion-audience)');
}

;// CONCATENATED MODULE: ./lib/oauth/client-auth.js



function prepareClientAuth(client, target) {
    const { clientId, credentials } = client;
    switch(credentials.method){
        case 'client_secret_basic':
            {
                const proof = proveByBasic(client, credentials.clientSecret, target);
                return async ()=>proof;
            }
        case 'client_secret_post':
            {
                const { clientSecret } = credentials;
                return async ()=>({
                        parameters: [
                            [
                                'client_id',
                                clientId
                            ],
                            [
                                'client_secret',
                                clientSecret
                            ]
                        ],
                        secrets: [
                            clientSecret
                        ],
                        advice: ()=>adviseOnSecret(client, target)
                    });
            }
        case 'client_secret_jwt':
            {
                const { clientSecret, audience = target.audience, algorithm: alg = 'HS256' } = credentials;
                const key = new TextEncoder().encode(clientSecret);
                return proveByAssertion(clientId, [
                    clientSecret
                ], async ()=>({
                        assertion: await sign(clientId, audience, {
                            alg
                        }, key),
                        advice: ()=>adviseOnAssertion(client, target, {
                                alg,
                                audience
                            })
                    }));
            }
        case 'private_key_jwt':
            {
                const { privateKey, keyId: kid, audience = target.audience } = credentials;
                const { algorithm: alg = chooseAlgorithm(privateKey, target) } = credentials;
                const header = {
                    alg,
                    kid,
                    'x5t#S256': privateKey.certificateThumbprint
                };
                return proveByAssertion(clientId, [], async ()=>({
                        assertion: await sign(clientId, audience, header, privateKey.key),
                        advice: ()=>adviseOnAssertion(client, target, {
                                alg,
                                audience
                            })
                    }));
            }
        case 'github_oidc':
            {
                const { idTokenRequest, audience = target.audience } = credentials;
                const requestIdToken = createIdTokenSource(idTokenRequest, audience);
                return proveByAssertion(clientId, [
                    idTokenRequest.requestToken
                ], async (send)=>{
                    const { idToken, describeClaims } = await requestIdToken(send);
                    return {
                        assertion: idToken,
                        advice: ()=>adviseOnIdToken(client, target, describeClaims())
                    };
                });
            }
        case 'none':
            return async ()=>({
                    parameters: toClientId(clientId),
                    secrets: [],
                    advice: ()=>adviseOnNoAuthentication(client, target)
                });
    }
}
function proveByBasic(client, clientSecret, target) {
    const { clientId } = client;
    const credential = Buffer.from(`${encodeBasic(clientId)}:${encodeBasic(clientSecret)}`).toString('base64');
    setSecret(credential);
    const values = Object.entries({
        'client-id': clientId,
        'client-secret': clientSecret
    });
    const encoded = values.filter(([, value])=>encodeBasic(value) !== value).map(([name])=>name);
    return {
        headers: {
            authorization: `Basic ${credential}`
        },
        parameters: [],
        secrets: [
            clientSecret,
            credential
        ],
        advice: ()=>adviseOnSecret(client, target, encoded)
    };
}
function encodeBasic(value) {
    return value.toWellFormed().replace(/[%+:\s\p{Cc}]|[^\x20-\x7e]/gu, encodeURIComponent);
}
function proveByAssertion(clientId, secrets, create) {
    const created = [];
    return async (send)=>{
        const { assertion, advice } = await create(send);
        created.push(assertion);
        return {
            parameters: [
                ...toClientId(clientId),
                [
                    'client_assertion_type',
                    'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
                ],
                [
                    'client_assertion',
                    assertion
                ]
            ],
            secrets: [
                ...created,
                ...secrets
            ],
            advice
        };
    };
}
function toClientId(clientId) {
    return clientId === '' ? [] : [
        [
            'client_id',
            clientId
        ]
    ];
}
const sign = async (...args)=>{
    const { signClientAssertion } = await __nccwpck_require__.e(/* import() | jose */ 682).then(__nccwpck_require__.bind(__nccwpck_require__, 687));
    const assertion = await signClientAssertion(...args);
    setSecret(assertion);
    return assertion;
};
function chooseAlgorithm({ algorithms }, { signingAlgorithms }) {
    return algorithms.find((name)=>signingAlgorithms.includes(name)) ?? algorithms[0];
}

;// CONCATENATED MODULE: ./lib/oauth/grant.js

function prepareGrant(grant, target) {
    switch(grant.type){
        case 'client_credentials':
            return async ()=>({
                    parameters: [
                        [
                            'grant_type',
                            'client_credentials'
                        ]
                    ],
                    secrets: [],
                    codes: [],
                    enable: 'Check that the client credentials grant is enabled for this app (in Keycloak: service account).'
                });
        case 'refresh_token':
            {
                const { refreshToken } = grant;
                return async ()=>({
                        parameters: [
                            [
                                'grant_type',
                                'refresh_token'
                            ],
                            [
                                'refresh_token',
                                refreshToken
                            ]
                        ],
                        secrets: [
                            refreshToken
                        ],
                        advice: ()=>'The refresh token may have expired (Spotify: after 6 months), been revoked, or been replaced by a newer one. Obtain a new one and store it again.',
                        codes: [],
                        enable: 'Check that the refresh token grant is enabled for this app.'
                    });
            }
        case 'token_exchange':
            return proveByIdToken('token exchange', grant, target, (idToken)=>[
                    [
                        'grant_type',
                        'urn:ietf:params:oauth:grant-type:token-exchange'
                    ],
                    [
                        'subject_token',
                        idToken
                    ],
                    [
                        'subject_token_type',
                        'urn:ietf:params:oauth:token-type:jwt'
                    ]
                ]);
        case 'jwt_bearer':
            return proveByIdToken('JWT bearer', grant, target, (idToken)=>[
                    [
                        'grant_type',
                        'urn:ietf:params:oauth:grant-type:jwt-bearer'
                    ],
                    [
                        'assertion',
                        idToken
                    ]
                ]);
    }
}
function proveByIdToken(name, { idTokenRequest, audience }, target, toParameters) {
    const requestIdToken = createIdTokenSource(idTokenRequest, audience ?? target.audience);
    return async (send)=>{
        const { idToken, secrets, describeClaims } = await requestIdToken(send);
        return {
            parameters: toParameters(idToken),
            secrets,
            advice: ()=>`Check that the server trusts this ID token and that the grant is enabled for it. Its claims: ${describeClaims()}.`,
            codes: [
                'invalid_request',
                'access_denied'
            ],
            enable: `Check that the ${name} grant is enabled for this app.`
        };
    };
}

;// CONCATENATED MODULE: ./lib/oauth/metadata.js






const AUTH_METHODS = 'token_endpoint_auth_methods_supported';
const SIGNING_ALGORITHMS = 'token_endpoint_auth_signing_alg_values_supported';
const MAX_NAMES = 32;
const NO_METADATA = 'Check issuer. If the server does not publish metadata, set token-url instead.';
async function fetchMetadata(issuer, attempt) {
    const { host } = issuer.url;
    info(`Fetching server metadata from ${host}`);
    return await attempt(`Could not get server metadata from ${host}`, (send)=>tryBothUrls(issuer, send));
}
async function tryBothUrls(issuer, send) {
    const tried = [];
    for (const url of wellKnownUrls(issuer.url)){
        const response = await send({
            endpoint: {
                ...issuer,
                url
            }
        });
        const found = parseMetadata(issuer, response);
        if (!(found instanceof Failure)) return found;
        const isMissing = response.status >= 400 && response.status < 500 && found.transient === undefined;
        tried.push({
            failure: found,
            path: url.pathname,
            isMissing
        });
    }
    const reasons = Map.groupBy(tried, ({ failure })=>failure.reason);
    throw new Failure([
        ...reasons
    ].map(([reason, urls])=>`${reason} (at ${urls.map(({ path })=>path).join(' and ')})`).join('; '), tried.findLast(({ isMissing })=>!isMissing)?.failure.advice ?? NO_METADATA, tried.find(({ failure })=>failure.transient)?.failure.transient);
}
function wellKnownUrls({ origin, pathname }) {
    const path = pathname.replace(/\/$/, '');
    return [
        new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
        new URL(`${origin}${path}/.well-known/openid-configuration`)
    ];
}
function parseMetadata(issuer, response) {
    const members = (0,json_object/* parseJsonObject */.d)(response.body);
    if (members === undefined || response.status !== 200) {
        return explainErrorResponse(response, {
            secrets: []
        });
    }
    const { issuer: actual } = members;
    if (actual !== issuer.identifier) {
        return typeof actual === 'string' ? new Failure(`the metadata is for another issuer (${printable(actual.slice(0, 200))})`, 'Set issuer to exactly this value, including any trailing slash.') : new Failure('the metadata has no issuer', 'Check issuer.');
    }
    const token = findEndpoint(issuer, members, 'token_endpoint');
    if (token instanceof Failure) return token;
    const { token_endpoint, revocation_endpoint } = members;
    return {
        token_endpoint,
        revocation_endpoint,
        [AUTH_METHODS]: findNames(members, AUTH_METHODS),
        [SIGNING_ALGORITHMS]: findNames(members, SIGNING_ALGORITHMS)
    };
}
function findTokenEndpoint(server, metadata) {
    return 'token' in server ? server.token : parseEndpoint('the token_endpoint in the metadata', `${metadata['token_endpoint']}`);
}
function findEndpoint({ url }, metadata, name) {
    const text = metadata[name];
    const advice = "Contact the server's operator, or set token-url instead of issuer.";
    if (typeof text !== 'string') return new Failure(`the metadata has no ${name}`, advice);
    const found = findUrlProblem(text);
    if (found !== undefined) return new Failure(`the ${name} in the metadata ${found.problem}`, advice);
    const endpoint = new URL(text);
    if (endpoint.protocol !== 'https:' && url.protocol === 'https:') {
        return new Failure(`the ${name} in the metadata points to localhost`, advice);
    }
    return {
        url: endpoint,
        source: `the ${name} in the metadata`
    };
}
function findRevocationEndpoint(server, revocation, metadata) {
    if (revocation === 'off') return undefined;
    if (revocation !== 'discover') return revocation;
    const isMissing = (metadata['revocation_endpoint'] ?? null) === null;
    return isMissing || !('issuer' in server) ? undefined : findEndpoint(server.issuer, metadata, 'revocation_endpoint');
}
function describeTarget(server, metadata) {
    if ('token' in server) {
        const { href } = server.token.url;
        return {
            audience: href,
            tokenUrl: href,
            authMethods: [],
            signingAlgorithms: []
        };
    }
    const token = findEndpoint(server.issuer, metadata, 'token_endpoint');
    return {
        audience: server.issuer.identifier,
        tokenUrl: token instanceof Failure ? undefined : token.url.href,
        authMethods: findNames(metadata, AUTH_METHODS),
        signingAlgorithms: findNames(metadata, SIGNING_ALGORITHMS)
    };
}
function findNames(metadata, name) {
    const names = metadata[name];
    if (!Array.isArray(names)) return [];
    return names.filter((value)=>typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value)).slice(0, MAX_NAMES);
}

;// CONCATENATED MODULE: ./lib/oauth/request-body.js
function encodeParameters(parameters, format) {
    if (format === 'form') return new URLSearchParams(parameters.map(([name, value])=>[
            name,
            value
        ]));
    const values = Map.groupBy(parameters, ([name])=>name);
    return Object.fromEntries([
        ...values
    ].map(([name, pairs])=>{
        const [first, ...others] = pairs.map(([, value])=>value);
        return [
            name,
            others.length === 0 ? first : [
                first,
                ...others
            ]
        ];
    }));
}

var token = __nccwpck_require__(638);
;// CONCATENATED MODULE: ./lib/oauth/token-response.js




const MAX_OTHER_TOKENS = 32;
const MIN_OTHER_TOKEN_CHARACTERS = 8;
const ISSUED_TYPE = /^urn:ietf:params:oauth:token-type:(refresh_token|id_token|saml1|saml2|jwt)$/;
function parseTokenResponse(response, requestedAt, requestedScope, rejected) {
    const { status } = response;
    const members = (0,json_object/* parseJsonObject */.d)(response.body);
    if (members === undefined || status < 200 || status > 299 || hasError(members)) {
        const { access_token: token } = members ?? {};
        const tokens = [
            ...typeof token === 'string' ? [
                token
            ] : [],
            ...findOtherTokens(members)
        ];
        throw explainErrorResponse(response, {
            ...rejected,
            secrets: [
                ...rejected.secrets,
                ...tokens
            ]
        });
    }
    const accessToken = members['access_token'];
    if (!(0,token/* isAccessToken */.e)(accessToken)) {
        const found = isPresent(accessToken) ? 'an invalid access_token (empty or not printable ASCII)' : 'no access_token';
        throw new Failure(`HTTP ${status} with ${found}`, `Check that ${response.endpoint.source} is a token endpoint.`);
    }
    const tokenType = parseTokenType(members['token_type']);
    const lifetime = parseLifetime(members['expires_in'], requestedAt);
    const scope = parseScope(members['scope']);
    const warnings = [];
    if (tokenType === undefined) warnings.push('The response has no valid token_type. Assuming Bearer.');
    if (lifetime === undefined && isPresent(members['expires_in'])) {
        warnings.push('The response has an invalid expires_in. The outputs expires-in and expires-at are empty.');
    }
    if (scope === undefined && isPresent(members['scope'])) {
        warnings.push('The response has an invalid scope. The output scope is empty.');
    }
    const missing = scope === undefined ? [] : findMissing(requestedScope, scope);
    if (missing.length > 0) {
        warnings.push(`The server did not grant every requested scope. Missing: ${missing.join(' ')}.`);
    }
    return {
        accessToken,
        tokenType: tokenType ?? 'Bearer',
        lifetime,
        refreshToken: typeof members['refresh_token'] === 'string' ? members['refresh_token'] || undefined : undefined,
        issuedType: parseIssuedType(members['issued_token_type']),
        scope: scope ?? (isPresent(members['scope']) ? '' : requestedScope),
        secrets: [
            ...new Set([
                accessToken,
                ...findOtherTokens(members)
            ])
        ],
        warnings
    };
}
function isPresent(value) {
    return value !== undefined && value !== null;
}
function hasError({ error, access_token }) {
    const isEmpty = error === '' || error === false;
    return isPresent(error) && !(isEmpty && isPresent(access_token));
}
function findOtherTokens(members = {}) {
    return Object.entries(members).filter(([name])=>/(^|_)token$/.test(name) && name !== 'access_token').map(([, value])=>typeof value === 'string' ? value : '').filter((value)=>value.trim().length >= MIN_OTHER_TOKEN_CHARACTERS).slice(0, MAX_OTHER_TOKENS);
}
function parseTokenType(value) {
    return typeof value === 'string' && /^[\w.:/-]{1,100}$/.test(value) ? value : undefined;
}
function parseIssuedType(value) {
    return typeof value === 'string' ? ISSUED_TYPE.exec(value)?.[1] : undefined;
}
function parseLifetime(value, requestedAt) {
    const isNumeric = typeof value === 'number' || typeof value === 'string' && /^\d+(\.\d+)?$/.test(value);
    const seconds = isNumeric ? Math.floor(Number(value)) : Number.NaN;
    const expiresAtMs = requestedAt.getTime() + seconds * 1000;
    return seconds >= 0 && expiresAtMs <= token/* MAX_TIME_MS */.C ? {
        seconds,
        expiresAt: new Date(expiresAtMs)
    } : undefined;
}
function parseScope(value) {
    const text = Array.isArray(value) && value.every((name)=>typeof name === 'string') ? value.join(' ') : value;
    return typeof text === 'string' && /^[\x20-\x7e]*$/.test(text) ? text : undefined;
}
function findMissing(requestedScope, scope) {
    const granted = new Set(scope.split(/[ ,]/));
    return requestedScope.split(' ').filter((name)=>name !== '' && !granted.has(name));
}

;// CONCATENATED MODULE: ./lib/post.js











const REVOCATION_STATE = 'revocation';
const TIMEOUT_MS = 10_000;
const RETRIES = 1;
async function post(state) {
    const { accessToken, expiresAt, metadata } = parseState(state);
    const { request } = readInputs();
    if (request === undefined) return;
    const { server } = request;
    const endpoint = findRevocationEndpoint(server, request.revocation, metadata);
    if (endpoint instanceof Failure) throw new Error(`Could not revoke the access token: ${endpoint.message}`);
    if (endpoint === undefined) return;
    if (Number(expiresAt) <= Date.now()) {
        info('The access token has already expired; skipping revocation');
        return;
    }
    trustCertificates(request.caCertificates);
    const target = describeTarget(server, metadata);
    const proofs = withAudiences(request.client, endpoint).map((client)=>prepareClientAuth(client, target));
    const attempt = createAttempt({
        retries: RETRIES,
        deadline: monotonicMs() + TIMEOUT_MS
    });
    const { host } = endpoint.url;
    await attempt(`Could not revoke the access token at ${host}`, (send)=>revoke(endpoint, accessToken, proofs, send));
    info(`Revoked the access token at ${host}`);
}
function parseState(state) {
    const { accessToken, expiresAt, metadata } = (0,json_object/* parseJsonObject */.d)(state) ?? {};
    if (typeof accessToken !== 'string' || typeof metadata !== 'object' || metadata === null) {
        throw new Error('Could not revoke the access token: the saved state is invalid.');
    }
    return {
        accessToken,
        expiresAt: typeof expiresAt === 'number' ? expiresAt : undefined,
        metadata: metadata
    };
}
function withAudiences(client, { url }) {
    const { credentials } = client;
    if (!('audience' in credentials)) return [
        client
    ];
    return [
        client,
        {
            ...client,
            credentials: {
                ...credentials,
                audience: url.href
            }
        }
    ];
}
async function revoke(endpoint, accessToken, proofs, send) {
    const secrets = [
        accessToken
    ];
    let failure;
    for (const prove of proofs){
        const proof = await prove(send);
        secrets.push(...proof.secrets);
        const parameters = [
            [
                'token',
                accessToken
            ],
            [
                'token_type_hint',
                'access_token'
            ],
            ...proof.parameters
        ];
        const body = encodeParameters(parameters, 'form');
        const response = await send({
            endpoint,
            headers: {
                ...proof.headers
            },
            body
        });
        if (Math.floor(response.status / 100) === 2 && !post_hasError(response.body)) return;
        failure = explainFailedRevocation(response, secrets);
        if (response.status !== 401) break;
    }
    throw failure;
}
function explainFailedRevocation(response, secrets) {
    const advice = `Check ${response.endpoint.source}, or set revoke to false if the server cannot revoke access tokens.`;
    const { reason, transient } = explainErrorResponse(response, {
        secrets
    });
    const isTransient = transient !== undefined && transient.retryAfter === undefined;
    return new Failure(reason, advice, isTransient ? {} : undefined);
}
function post_hasError(body) {
    return /^\s*</.test(body) || Boolean((0,json_object/* parseJsonObject */.d)(body)?.['error']);
}

;// CONCATENATED MODULE: ./lib/main.js














const MAX_STATE_CHARACTERS = 30_000;
async function main() {
    const start = monotonicMs();
    saveState(REVOCATION_STATE, '');
    requireOutputFile();
    const { request, sharing } = readInputs();
    if (await useSharedToken(request, sharing) || request === undefined) return;
    trustCertificates(request.caCertificates);
    const attempt = createAttempt({
        retries: request.retries,
        deadline: start + request.timeoutMs
    });
    const metadata = 'issuer' in request.server ? await fetchMetadata(request.server.issuer, attempt) : {};
    const token = await requestToken(request, metadata, attempt);
    for (const secret of token.secrets)setSecret(secret);
    for (const warning of token.warnings)core_warning(warning);
    warnIfReplaced(request.grant, token);
    saveForRevocation(request, metadata, token);
    const isShared = sharing !== undefined && sharing.token === undefined;
    setOutputs(token, isShared ? await encrypt(token, request, sharing) : '');
    info(`Got ${describeToken(token)}${isShared ? '. The token is shared with other jobs and will not be revoked' : ''}`);
}
async function useSharedToken(request, sharing) {
    if (sharing?.token === undefined) return false;
    const { decryptToken } = await __nccwpck_require__.e(/* import() | jose */ 682).then(__nccwpck_require__.bind(__nccwpck_require__, 633));
    const token = await decryptToken(sharing.token, request && identify(request), sharing, new Date());
    if ('unusable' in token) {
        if (request === undefined) {
            throw new Error(`shared-token ${token.unusable}. ${token.fix}, or set client-id and its credentials to request a new token.`);
        }
        info(`shared-token ${token.unusable}; requesting a new access token`);
        return false;
    }
    setSecret(token.accessToken);
    setOutputs(token, sharing.token);
    info(`Using ${describeToken(token, ' from another job')}`);
    return true;
}
async function encrypt(token, request, sharing) {
    const { encryptToken } = await __nccwpck_require__.e(/* import() | jose */ 682).then(__nccwpck_require__.bind(__nccwpck_require__, 633));
    return await encryptToken(token, identify(request), sharing, new Date());
}
function identify({ client, grant, server, scope, parameters }) {
    const valuesOf = (name)=>parameters.filter(([other])=>other === name).map(([, value])=>value);
    const others = parameters.filter(([name])=>name !== 'audience' && name !== 'resource');
    return {
        server: 'token' in server ? server.token.url.href : server.issuer.identifier,
        'client-id': client.clientId,
        'grant-type': grant.type,
        scope,
        audience: valuesOf('audience').join(' '),
        resource: valuesOf('resource').join(' '),
        'assertion-audience': 'audience' in grant ? grant.audience ?? '' : '',
        'extra-params': JSON.stringify(others),
        'refresh-token': grant.type === 'refresh_token' ? hash(grant.refreshToken) : ''
    };
}
function hash(text) {
    return (0,external_node_crypto_.createHash)('sha256').update(text).digest('base64url');
}
function requireOutputFile() {
    const file = process.env['GITHUB_OUTPUT'] ?? '';
    try {
        (0,external_node_fs_namespaceObject.accessSync)(file, external_node_fs_namespaceObject.constants.W_OK);
        if ((0,external_node_fs_namespaceObject.statSync)(file).isFile()) return;
    } catch  {}
    throw new Error('GITHUB_OUTPUT is not a writable file, so the token cannot be passed on safely. Run this action on GitHub Actions or a compatible runner.');
}
async function requestToken(inputs, metadata, attempt) {
    const { server, client, scope, format } = inputs;
    const endpoint = findTokenEndpoint(server, metadata);
    const { host } = endpoint.url;
    const target = describeTarget(server, metadata);
    const proveGrant = prepareGrant(inputs.grant, target);
    const authenticate = prepareClientAuth(client, target);
    info(`Requesting an access token from ${host}`);
    return await attempt(`Could not get an access token from ${host}`, async (send)=>{
        const grant = await proveGrant(send);
        const auth = await authenticate(send);
        const parameters = [
            ...grant.parameters.filter(([name])=>!inputs.parameters.some(([other])=>other === name)),
            ...scope === '' ? [] : [
                [
                    'scope',
                    scope
                ]
            ],
            ...inputs.parameters,
            ...auth.parameters
        ];
        const body = encodeParameters(parameters, format);
        const requestedAt = new Date();
        const response = await send({
            endpoint,
            headers: {
                ...auth.headers
            },
            body
        });
        return parseTokenResponse(response, requestedAt, scope, {
            secrets: [
                ...grant.secrets,
                ...auth.secrets
            ],
            client: auth.advice,
            ...grant.advice && {
                grant: grant.advice
            },
            grantCodes: grant.codes,
            enableGrant: grant.enable,
            format
        });
    });
}
function warnIfReplaced(grant, { refreshToken }) {
    if (grant.type !== 'refresh_token' || refreshToken === undefined || refreshToken === grant.refreshToken) return;
    core_warning('The server returned a new refresh token, so the stored one may have stopped working. Use an app whose refresh tokens are not rotated, or store a new one before the next run.');
}
function saveForRevocation({ server, revocation }, metadata, { accessToken, lifetime }) {
    const endpoint = findRevocationEndpoint(server, revocation, metadata);
    if (endpoint === undefined) return;
    if (endpoint instanceof Failure) {
        core_warning(`The token will not be revoked: ${endpoint.reason}. Set revocation-url, or set revoke to false.`);
        return;
    }
    const state = {
        accessToken,
        expiresAt: lifetime?.expiresAt.getTime(),
        metadata: {
            ...metadata,
            revocation_endpoint: endpoint.url.href
        }
    };
    if (!process.env['GITHUB_STATE'] || JSON.stringify(state).length > MAX_STATE_CHARACTERS) {
        core_warning('The token will not be revoked: it could not be saved for the post step.');
        return;
    }
    saveState(REVOCATION_STATE, state);
}
function setOutputs({ accessToken, tokenType, lifetime, scope }, sharedToken) {
    setOutput('access-token', accessToken);
    setOutput('token-type', tokenType);
    setOutput('expires-in', lifetime?.seconds ?? '');
    setOutput('expires-at', lifetime?.expiresAt.toISOString().replace(/\.\d+/, '') ?? '');
    setOutput('scope', scope);
    setOutput('shared-token', sharedToken);
}
function describeToken({ tokenType, lifetime, issuedType }, origin = '') {
    const bearer = /^bearer$/i.test(tokenType) ? `a ${tokenType} token` : 'an access token';
    const kind = `${issuedType === undefined ? bearer : `a token of type ${issuedType}`}${origin}`;
    if (lifetime === undefined) return `${kind}; the server did not return a lifetime`;
    const minute = lifetime.expiresAt.toISOString().replace('T', ' ').replace(/:\d\d\.\d+Z/, ' UTC');
    return `${kind}; it expires at ${minute} (in ${describeDuration(lifetime.seconds)})`;
}
function describeDuration(seconds) {
    if (seconds < 2 * 60) return `${seconds} s`;
    if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
    if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`;
    return `${Math.round(seconds / 86_400)} days`;
}

;// CONCATENATED MODULE: ./lib/run.js



function runMain() {
    run(main, setFailed);
}
function runPost(state) {
    run(()=>post(state), (message)=>core_warning(`${message} The token remains valid until it expires.`));
}
function run(step, fail) {
    const failUnfinished = ()=>fail('Ended unexpectedly: the connection closed without a response or an error. Re-run the job; if it keeps failing, check token-url or issuer.');
    process.once('beforeExit', failUnfinished);
    step().catch(({ message })=>fail(message)).finally(()=>process.off('beforeExit', failUnfinished));
}

module.exports = __webpack_exports__;
})()
;