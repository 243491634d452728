/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

/***/ 665:
/***/ ((module, __unused_webpack_exports, __nccwpck_require__) => {

module.exports = __nccwpck_require__(667);


/***/ }),

/***/ 667:
/***/ ((__unused_webpack_module, exports, __nccwpck_require__) => {

"use strict";


var net = __nccwpck_require__(278);
var tls = __nccwpck_require__(756);
var http = __nccwpck_require__(611);
var https = __nccwpck_require__(692);
var events = __nccwpck_require__(434);
var assert = __nccwpck_require__(613);
var util = __nccwpck_require__(23);


exports.httpOverHttp = httpOverHttp;
exports.httpsOverHttp = httpsOverHttp;
exports.httpOverHttps = httpOverHttps;
exports.httpsOverHttps = httpsOverHttps;


function httpOverHttp(options) {
  var agent = new TunnelingAgent(options);
  agent.request = http.request;
  return agent;
}

function httpsOverHttp(options) {
  var agent = new TunnelingAgent(options);
  agent.request = http.request;
  agent.createSocket = createSecureSocket;
  agent.defaultPort = 443;
  return agent;
}

function httpOverHttps(options) {
  var agent = new TunnelingAgent(options);
  agent.request = https.request;
  return agent;
}

function httpsOverHttps(options) {
  var agent = new TunnelingAgent(options);
  agent.request = https.request;
  agent.createSocket = createSecureSocket;
  agent.defaultPort = 443;
  return agent;
}


function TunnelingAgent(options) {
  var self = this;
  self.options = options || {};
  self.proxyOptions = self.options.proxy || {};
  self.maxSockets = self.options.maxSockets || http.Agent.defaultMaxSockets;
  self.requests = [];
  self.sockets = [];

  self.on('free', function onFree(socket, host, port, localAddress) {
    var options = toOptions(host, port, localAddress);
    for (var i = 0, len = self.requests.length; i < len; ++i) {
      var pending = self.requests[i];
      if (pending.host === options.host && pending.port === options.port) {
        // Detect the request to connect same origin server,
        // reuse the connection.
        self.requests.splice(i, 1);
        pending.request.onSocket(socket);
        return;
      }
    }
    socket.destroy();
    self.removeSocket(socket);
  });
}
util.inherits(TunnelingAgent, events.EventEmitter);

TunnelingAgent.prototype.addRequest = function addRequest(req, host, port, localAddress) {
  var self = this;
  var options = mergeOptions({request: req}, self.options, toOptions(host, port, localAddress));

  if (self.sockets.length >= this.maxSockets) {
    // We are over limit so we'll add it to the queue.
    self.requests.push(options);
    return;
  }

  // If we are under maxSockets create a new one.
  self.createSocket(options, function(socket) {
    socket.on('free', onFree);
    socket.on('close', onCloseOrRemove);
    socket.on('agentRemove', onCloseOrRemove);
    req.onSocket(socket);

    function onFree() {
      self.emit('free', socket, options);
    }

    function onCloseOrRemove(err) {
      self.removeSocket(socket);
      socket.removeListener('free', onFree);
      socket.removeListener('close', onCloseOrRemove);
      socket.removeListener('agentRemove', onCloseOrRemove);
    }
  });
};

TunnelingAgent.prototype.createSocket = function createSocket(options, cb) {
  var self = this;
  var placeholder = {};
  self.sockets.push(placeholder);

  var connectOptions = mergeOptions({}, self.proxyOptions, {
    method: 'CONNECT',
    path: options.host + ':' + options.port,
    agent: false,
    headers: {
      host: options.host + ':' + options.port
    }
  });
  if (options.localAddress) {
    connectOptions.localAddress = options.localAddress;
  }
  if (connectOptions.proxyAuth) {
    connectOptions.headers = connectOptions.headers || {};
    connectOptions.headers['Proxy-Authorization'] = 'Basic ' +
        new Buffer(connectOptions.proxyAuth).toString('base64');
  }

  debug('making CONNECT request');
  var connectReq = self.request(connectOptions);
  connectReq.useChunkedEncodingByDefault = false; // for v0.6
  connectReq.once('response', onResponse); // for v0.6
  connectReq.once('upgrade', onUpgrade);   // for v0.6
  connectReq.once('connect', onConnect);   // for v0.7 or later
  connectReq.once('error', onError);
  connectReq.end();

  function onResponse(res) {
    // Very hacky. This is necessary to avoid http-parser leaks.
    res.upgrade = true;
  }

  function onUpgrade(res, socket, head) {
    // Hacky.
    process.nextTick(function() {
      onConnect(res, socket, head);
    });
  }

  function onConnect(res, socket, head) {
    connectReq.removeAllListeners();
    socket.removeAllListeners();

    if (res.statusCode !== 200) {
      debug('tunneling socket could not be established, statusCode=%d',
        res.statusCode);
      socket.destroy();
      var error = new Error('tunneling socket could not be established, ' +
        'statusCode=' + res.statusCode);
      error.code = 'ECONNRESET';
      options.request.emit('error', error);
      self.removeSocket(placeholder);
      return;
    }
    if (head.length > 0) {
      debug('got illegal response body from proxy');
      socket.destroy();
      var error = new Error('got illegal response body from proxy');
      error.code = 'ECONNRESET';
      options.request.emit('error', error);
      self.removeSocket(placeholder);
      return;
    }
    debug('tunneling connection has established');
    self.sockets[self.sockets.indexOf(placeholder)] = socket;
    return cb(socket);
  }

  function onError(cause) {
    connectReq.removeAllListeners();

    debug('tunneling socket could not be established, cause=%s\n',
          cause.message, cause.stack);
    var error = new Error('tunneling socket could not be established, ' +
                          'cause=' + cause.message);
    error.code = 'ECONNRESET';
    options.request.emit('error', error);
    self.removeSocket(placeholder);
  }
};

TunnelingAgent.prototype.removeSocket = function removeSocket(socket) {
  var pos = this.sockets.indexOf(socket)
  if (pos === -1) {
    return;
  }
  this.sockets.splice(pos, 1);

  var pending = this.requests.shift();
  if (pending) {
    // If we have pending requests and a socket gets closed a new one
    // needs to be created to take over in the pool for the one that closed.
    this.createSocket(pending, function(socket) {
      pending.request.onSocket(socket);
    });
  }
};

function createSecureSocket(options, cb) {
  var self = this;
  TunnelingAgent.prototype.createSocket.call(self, options, function(socket) {
    var hostHeader = options.request.getHeader('host');
    var tlsOptions = mergeOptions({}, self.options, {
      socket: socket,
      servername: hostHeader ? hostHeader.replace(/:.*$/, '') : options.host
    });

    // 0 is dummy port for v0.6
    var secureSocket = tls.connect(0, tlsOptions);
    self.sockets[self.sockets.indexOf(socket)] = secureSocket;
    cb(secureSocket);
  });
}


function toOptions(host, port, localAddress) {
  if (typeof host === 'string') { // since v0.10
    return {
      host: host,
      port: port,
      localAddress: localAddress
    };
  }
  return host; // for v0.11 or later
}

function mergeOptions(target) {
  for (var i = 1, len = arguments.length; i < len; ++i) {
    var overrides = arguments[i];
    if (typeof overrides === 'object') {
      var keys = Object.keys(overrides);
      for (var j = 0, keyLen = keys.length; j < keyLen; ++j) {
        var k = keys[j];
        if (overrides[k] !== undefined) {
          target[k] = overrides[k];
        }
      }
    }
  }
  return target;
}


var debug;
if (process.env.NODE_DEBUG && /\btunnel\b/.test(process.env.NODE_DEBUG)) {
  debug = function() {
    var args = Array.prototype.slice.call(arguments);
    if (typeof args[0] === 'string') {
      args[0] = 'TUNNEL: ' + args[0];
    } else {
      args.unshift('TUNNEL:');
    }
    console.error.apply(console, args);
  }
} else {
  debug = function() {};
}
exports.debug = debug; // for test


/***/ }),

/***/ 613:
/***/ ((module) => {

"use strict";
module.exports = require("assert");

/***/ }),

/***/ 434:
/***/ ((module) => {

"use strict";
module.exports = require("events");

/***/ }),

/***/ 611:
/***/ ((module) => {

"use strict";
module.exports = require("http");

/***/ }),

/***/ 692:
/***/ ((module) => {

"use strict";
module.exports = require("https");

/***/ }),

/***/ 278:
/***/ ((module) => {

"use strict";
module.exports = require("net");

/***/ }),

/***/ 598:
/***/ ((module) => {

"use strict";
module.exports = require("node:crypto");

/***/ }),

/***/ 756:
/***/ ((module) => {

"use strict";
module.exports = require("tls");

/***/ }),

/***/ 23:
/***/ ((module) => {

"use strict";
module.exports = require("util");

/***/ }),

/***/ 438:
/***/ ((__unused_webpack_module, exports, __nccwpck_require__) => {

"use strict";

/**
 * The package `tunnel`, loaded only where there is a proxy: `@actions/http-client` imports it at once, and it imports
 * `assert`.
 */
for (const name of ['httpOverHttp', 'httpsOverHttp', 'httpOverHttps', 'httpsOverHttps']) {
  exports[name] = (options) => __nccwpck_require__(665)[name](options)
}


/***/ }),

/***/ 401:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

"use strict";
// ESM COMPAT FLAG
__nccwpck_require__.r(__webpack_exports__);

// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  runMain: () => (/* binding */ runMain),
  runPost: () => (/* binding */ runPost)
});

;// CONCATENATED MODULE: external "os"
const external_os_namespaceObject = require("os");
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/utils.js
function utils_toCommandValue(input) {
    if (input === null || input === undefined) {
        return '';
    } else if (typeof input === 'string' || input instanceof String) {
        return input;
    }
    return JSON.stringify(input);
}
function utils_toCommandProperties(annotationProperties) {
    if (!Object.keys(annotationProperties).length) {
        return {};
    }
    return {
        title: annotationProperties.title,
        file: annotationProperties.file,
        line: annotationProperties.startLine,
        endLine: annotationProperties.endLine,
        col: annotationProperties.startColumn,
        endColumn: annotationProperties.endColumn
    };
}

;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/command.js


function command_issueCommand(command, properties, message) {
    const cmd = new Command(command, properties, message);
    process.stdout.write(cmd.toString() + external_os_namespaceObject.EOL);
}
function command_issue(name, message = '') {
    command_issueCommand(name, {}, message);
}
const CMD_STRING = '::';
class Command {
    constructor(command, properties, message){
        if (!command) {
            command = 'missing.command';
        }
        this.command = command;
        this.properties = properties;
        this.message = message;
    }
    toString() {
        let cmdStr = CMD_STRING + this.command;
        if (this.properties && Object.keys(this.properties).length > 0) {
            cmdStr += ' ';
            let first = true;
            for(const key in this.properties){
                if (this.properties.hasOwnProperty(key)) {
                    const val = this.properties[key];
                    if (val) {
                        if (first) {
                            first = false;
                        } else {
                            cmdStr += ',';
                        }
                        cmdStr += `${key}=${escapeProperty(val)}`;
                    }
                }
            }
        }
        cmdStr += `${CMD_STRING}${escapeData(this.message)}`;
        return cmdStr;
    }
}
function escapeData(s) {
    return utils_toCommandValue(s).replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}
function escapeProperty(s) {
    return utils_toCommandValue(s).replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/:/g, '%3A').replace(/,/g, '%2C');
}

;// CONCATENATED MODULE: external "crypto"
const external_crypto_namespaceObject = require("crypto");
;// CONCATENATED MODULE: external "fs"
const external_fs_namespaceObject = require("fs");
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/file-command.js




function file_command_issueFileCommand(command, message) {
    const filePath = process.env[`GITHUB_${command}`];
    if (!filePath) {
        throw new Error(`Unable to find environment variable for file command ${command}`);
    }
    if (!external_fs_namespaceObject.existsSync(filePath)) {
        throw new Error(`Missing file at path: ${filePath}`);
    }
    external_fs_namespaceObject.appendFileSync(filePath, `${utils_toCommandValue(message)}${external_os_namespaceObject.EOL}`, {
        encoding: 'utf8'
    });
}
function file_command_prepareKeyValueMessage(key, value) {
    const delimiter = `ghadelimiter_${external_crypto_namespaceObject.randomUUID()}`;
    const convertedValue = utils_toCommandValue(value);
    if (key.includes(delimiter)) {
        throw new Error(`Unexpected input: name should not contain the delimiter "${delimiter}"`);
    }
    if (convertedValue.includes(delimiter)) {
        throw new Error(`Unexpected input: value should not contain the delimiter "${delimiter}"`);
    }
    return `${key}<<${delimiter}${external_os_namespaceObject.EOL}${convertedValue}${external_os_namespaceObject.EOL}${delimiter}`;
}

;// CONCATENATED MODULE: external "path"
const external_path_namespaceObject = require("path");
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/core.js
var __awaiter = undefined && undefined.__awaiter || function(thisArg, _arguments, P, generator) {
    function adopt(value) {
        return value instanceof P ? value : new P(function(resolve) {
            resolve(value);
        });
    }
    return new (P || (P = Promise))(function(resolve, reject) {
        function fulfilled(value) {
            try {
                step(generator.next(value));
            } catch (e) {
                reject(e);
            }
        }
        function rejected(value) {
            try {
                step(generator["throw"](value));
            } catch (e) {
                reject(e);
            }
        }
        function step(result) {
            result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected);
        }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};






var ExitCode;
(function(ExitCode) {
    ExitCode[ExitCode["Success"] = 0] = "Success";
    ExitCode[ExitCode["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
function exportVariable(name, val) {
    const convertedVal = toCommandValue(val);
    process.env[name] = convertedVal;
    const filePath = process.env['GITHUB_ENV'] || '';
    if (filePath) {
        return issueFileCommand('ENV', prepareKeyValueMessage(name, val));
    }
    issueCommand('set-env', {
        name
    }, convertedVal);
}
function setSecret(secret) {
    command_issueCommand('add-mask', {}, secret);
}
function addPath(inputPath) {
    const filePath = process.env['GITHUB_PATH'] || '';
    if (filePath) {
        issueFileCommand('PATH', inputPath);
    } else {
        issueCommand('add-path', {}, inputPath);
    }
    process.env['PATH'] = `${inputPath}${path.delimiter}${process.env['PATH']}`;
}
function getInput(name, options) {
    const val = process.env[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] || '';
    if (options && options.required && !val) {
        throw new Error(`Input required and not supplied: ${name}`);
    }
    if (options && options.trimWhitespace === false) {
        return val;
    }
    return val.trim();
}
function getMultilineInput(name, options) {
    const inputs = getInput(name, options).split('\n').filter((x)=>x !== '');
    if (options && options.trimWhitespace === false) {
        return inputs;
    }
    return inputs.map((input)=>input.trim());
}
function getBooleanInput(name, options) {
    const trueValue = [
        'true',
        'True',
        'TRUE'
    ];
    const falseValue = [
        'false',
        'False',
        'FALSE'
    ];
    const val = getInput(name, options);
    if (trueValue.includes(val)) return true;
    if (falseValue.includes(val)) return false;
    throw new TypeError(`Input does not meet YAML 1.2 "Core Schema" specification: ${name}\n` + `Support boolean input list: \`true | True | TRUE | false | False | FALSE\``);
}
function setOutput(name, value) {
    const filePath = process.env['GITHUB_OUTPUT'] || '';
    if (filePath) {
        return file_command_issueFileCommand('OUTPUT', file_command_prepareKeyValueMessage(name, value));
    }
    process.stdout.write(external_os_namespaceObject.EOL);
    command_issueCommand('set-output', {
        name
    }, utils_toCommandValue(value));
}
function setCommandEcho(enabled) {
    issue('echo', enabled ? 'on' : 'off');
}
function setFailed(message) {
    process.exitCode = ExitCode.Failure;
    error(message);
}
function isDebug() {
    return process.env['RUNNER_DEBUG'] === '1';
}
function debug(message) {
    issueCommand('debug', {}, message);
}
function error(message, properties = {}) {
    command_issueCommand('error', utils_toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function core_warning(message, properties = {}) {
    command_issueCommand('warning', utils_toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function notice(message, properties = {}) {
    issueCommand('notice', toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function info(message) {
    process.stdout.write(message + external_os_namespaceObject.EOL);
}
function startGroup(name) {
    issue('group', name);
}
function endGroup() {
    issue('endgroup');
}
function group(name, fn) {
    return __awaiter(this, void 0, void 0, function*() {
        startGroup(name);
        let result;
        try {
            result = yield fn();
        } finally{
            endGroup();
        }
        return result;
    });
}
function saveState(name, value) {
    const filePath = process.env['GITHUB_STATE'] || '';
    if (filePath) {
        return file_command_issueFileCommand('STATE', file_command_prepareKeyValueMessage(name, value));
    }
    command_issueCommand('save-state', {
        name
    }, utils_toCommandValue(value));
}
function getState(name) {
    return process.env[`STATE_${name}`] || '';
}
function getIDToken(aud) {
    return __awaiter(this, void 0, void 0, function*() {
        return yield OidcClient.getIDToken(aud);
    });
}





;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = require("node:fs");
;// CONCATENATED MODULE: ./lib/failure.js
class Failure extends Error {
    reason;
    cure;
    passing;
    constructor(reason, cure, passing){
        super(`${reason}. ${cure}`);
        this.reason = reason;
        this.cure = cure;
        this.passing = passing;
    }
}

// EXTERNAL MODULE: external "http"
var external_http_ = __nccwpck_require__(611);
var external_http_namespaceObject = /*#__PURE__*/__nccwpck_require__.t(external_http_, 2);
// EXTERNAL MODULE: external "https"
var external_https_ = __nccwpck_require__(692);
var external_https_namespaceObject = /*#__PURE__*/__nccwpck_require__.t(external_https_, 2);
;// CONCATENATED MODULE: ./lib/node_modules/@actions/http-client/lib/proxy.js
function getProxyUrl(reqUrl) {
    const usingSsl = reqUrl.protocol === 'https:';
    if (checkBypass(reqUrl)) {
        return undefined;
    }
    const proxyVar = (()=>{
        if (usingSsl) {
            return process.env['https_proxy'] || process.env['HTTPS_PROXY'];
        } else {
            return process.env['http_proxy'] || process.env['HTTP_PROXY'];
        }
    })();
    if (proxyVar) {
        try {
            return new DecodedURL(proxyVar);
        } catch (_a) {
            if (!proxyVar.startsWith('http://') && !proxyVar.startsWith('https://')) return new DecodedURL(`http://${proxyVar}`);
        }
    } else {
        return undefined;
    }
}
function checkBypass(reqUrl) {
    if (!reqUrl.hostname) {
        return false;
    }
    const reqHost = reqUrl.hostname;
    if (isLoopbackAddress(reqHost)) {
        return true;
    }
    const noProxy = process.env['no_proxy'] || process.env['NO_PROXY'] || '';
    if (!noProxy) {
        return false;
    }
    let reqPort;
    if (reqUrl.port) {
        reqPort = Number(reqUrl.port);
    } else if (reqUrl.protocol === 'http:') {
        reqPort = 80;
    } else if (reqUrl.protocol === 'https:') {
        reqPort = 443;
    }
    const upperReqHosts = [
        reqUrl.hostname.toUpperCase()
    ];
    if (typeof reqPort === 'number') {
        upperReqHosts.push(`${upperReqHosts[0]}:${reqPort}`);
    }
    for (const upperNoProxyItem of noProxy.split(',').map((x)=>x.trim().toUpperCase()).filter((x)=>x)){
        if (upperNoProxyItem === '*' || upperReqHosts.some((x)=>x === upperNoProxyItem || x.endsWith(`.${upperNoProxyItem}`) || upperNoProxyItem.startsWith('.') && x.endsWith(`${upperNoProxyItem}`))) {
            return true;
        }
    }
    return false;
}
function isLoopbackAddress(host) {
    const hostLower = host.toLowerCase();
    return hostLower === 'localhost' || hostLower.startsWith('127.') || hostLower.startsWith('[::1]') || hostLower.startsWith('[0:0:0:0:0:0:0:1]');
}
class DecodedURL extends URL {
    constructor(url, base){
        super(url, base);
        this._decodedUsername = decodeURIComponent(super.username);
        this._decodedPassword = decodeURIComponent(super.password);
    }
    get username() {
        return this._decodedUsername;
    }
    get password() {
        return this._decodedPassword;
    }
}

// EXTERNAL MODULE: ./dev/packages/tunnel/index.js
var tunnel = __nccwpck_require__(438);
;// CONCATENATED MODULE: ./dev/packages/undici/index.js
/**
 * In place of undici, 0.9 MB and 20 ms at each start: `@actions/http-client` imports it for `getAgentDispatcher()`
 * alone, which this action does not call.
 */
class ProxyAgent {
  constructor() {
    throw new Error('undici is not in this bundle: dev/packages/undici stands in its place')
  }
}

;// CONCATENATED MODULE: ./lib/node_modules/@actions/http-client/lib/index.js
var lib_awaiter = undefined && undefined.__awaiter || function(thisArg, _arguments, P, generator) {
    function adopt(value) {
        return value instanceof P ? value : new P(function(resolve) {
            resolve(value);
        });
    }
    return new (P || (P = Promise))(function(resolve, reject) {
        function fulfilled(value) {
            try {
                step(generator.next(value));
            } catch (e) {
                reject(e);
            }
        }
        function rejected(value) {
            try {
                step(generator["throw"](value));
            } catch (e) {
                reject(e);
            }
        }
        function step(result) {
            result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected);
        }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};





var HttpCodes;
(function(HttpCodes) {
    HttpCodes[HttpCodes["OK"] = 200] = "OK";
    HttpCodes[HttpCodes["MultipleChoices"] = 300] = "MultipleChoices";
    HttpCodes[HttpCodes["MovedPermanently"] = 301] = "MovedPermanently";
    HttpCodes[HttpCodes["ResourceMoved"] = 302] = "ResourceMoved";
    HttpCodes[HttpCodes["SeeOther"] = 303] = "SeeOther";
    HttpCodes[HttpCodes["NotModified"] = 304] = "NotModified";
    HttpCodes[HttpCodes["UseProxy"] = 305] = "UseProxy";
    HttpCodes[HttpCodes["SwitchProxy"] = 306] = "SwitchProxy";
    HttpCodes[HttpCodes["TemporaryRedirect"] = 307] = "TemporaryRedirect";
    HttpCodes[HttpCodes["PermanentRedirect"] = 308] = "PermanentRedirect";
    HttpCodes[HttpCodes["BadRequest"] = 400] = "BadRequest";
    HttpCodes[HttpCodes["Unauthorized"] = 401] = "Unauthorized";
    HttpCodes[HttpCodes["PaymentRequired"] = 402] = "PaymentRequired";
    HttpCodes[HttpCodes["Forbidden"] = 403] = "Forbidden";
    HttpCodes[HttpCodes["NotFound"] = 404] = "NotFound";
    HttpCodes[HttpCodes["MethodNotAllowed"] = 405] = "MethodNotAllowed";
    HttpCodes[HttpCodes["NotAcceptable"] = 406] = "NotAcceptable";
    HttpCodes[HttpCodes["ProxyAuthenticationRequired"] = 407] = "ProxyAuthenticationRequired";
    HttpCodes[HttpCodes["RequestTimeout"] = 408] = "RequestTimeout";
    HttpCodes[HttpCodes["Conflict"] = 409] = "Conflict";
    HttpCodes[HttpCodes["Gone"] = 410] = "Gone";
    HttpCodes[HttpCodes["TooManyRequests"] = 429] = "TooManyRequests";
    HttpCodes[HttpCodes["InternalServerError"] = 500] = "InternalServerError";
    HttpCodes[HttpCodes["NotImplemented"] = 501] = "NotImplemented";
    HttpCodes[HttpCodes["BadGateway"] = 502] = "BadGateway";
    HttpCodes[HttpCodes["ServiceUnavailable"] = 503] = "ServiceUnavailable";
    HttpCodes[HttpCodes["GatewayTimeout"] = 504] = "GatewayTimeout";
})(HttpCodes || (HttpCodes = {}));
var Headers;
(function(Headers) {
    Headers["Accept"] = "accept";
    Headers["ContentType"] = "content-type";
})(Headers || (Headers = {}));
var MediaTypes;
(function(MediaTypes) {
    MediaTypes["ApplicationJson"] = "application/json";
})(MediaTypes || (MediaTypes = {}));
function lib_getProxyUrl(serverUrl) {
    const proxyUrl = pm.getProxyUrl(new URL(serverUrl));
    return proxyUrl ? proxyUrl.href : '';
}
const HttpRedirectCodes = [
    HttpCodes.MovedPermanently,
    HttpCodes.ResourceMoved,
    HttpCodes.SeeOther,
    HttpCodes.TemporaryRedirect,
    HttpCodes.PermanentRedirect
];
const HttpResponseRetryCodes = [
    HttpCodes.BadGateway,
    HttpCodes.ServiceUnavailable,
    HttpCodes.GatewayTimeout
];
const RetryableHttpVerbs = [
    'OPTIONS',
    'GET',
    'DELETE',
    'HEAD'
];
const ExponentialBackoffCeiling = 10;
const ExponentialBackoffTimeSlice = 5;
class HttpClientError extends Error {
    constructor(message, statusCode){
        super(message);
        this.name = 'HttpClientError';
        this.statusCode = statusCode;
        Object.setPrototypeOf(this, HttpClientError.prototype);
    }
}
class HttpClientResponse {
    constructor(message){
        this.message = message;
    }
    readBody() {
        return lib_awaiter(this, void 0, void 0, function*() {
            return new Promise((resolve)=>lib_awaiter(this, void 0, void 0, function*() {
                    let output = Buffer.alloc(0);
                    this.message.on('data', (chunk)=>{
                        output = Buffer.concat([
                            output,
                            chunk
                        ]);
                    });
                    this.message.on('end', ()=>{
                        resolve(output.toString());
                    });
                }));
        });
    }
    readBodyBuffer() {
        return lib_awaiter(this, void 0, void 0, function*() {
            return new Promise((resolve)=>lib_awaiter(this, void 0, void 0, function*() {
                    const chunks = [];
                    this.message.on('data', (chunk)=>{
                        chunks.push(chunk);
                    });
                    this.message.on('end', ()=>{
                        resolve(Buffer.concat(chunks));
                    });
                }));
        });
    }
}
function isHttps(requestUrl) {
    const parsedUrl = new URL(requestUrl);
    return parsedUrl.protocol === 'https:';
}
class HttpClient {
    constructor(userAgent, handlers, requestOptions){
        this._ignoreSslError = false;
        this._allowRedirects = true;
        this._allowRedirectDowngrade = false;
        this._maxRedirects = 50;
        this._allowRetries = false;
        this._maxRetries = 1;
        this._keepAlive = false;
        this._disposed = false;
        this.userAgent = this._getUserAgentWithOrchestrationId(userAgent);
        this.handlers = handlers || [];
        this.requestOptions = requestOptions;
        if (requestOptions) {
            if (requestOptions.ignoreSslError != null) {
                this._ignoreSslError = requestOptions.ignoreSslError;
            }
            this._socketTimeout = requestOptions.socketTimeout;
            if (requestOptions.allowRedirects != null) {
                this._allowRedirects = requestOptions.allowRedirects;
            }
            if (requestOptions.allowRedirectDowngrade != null) {
                this._allowRedirectDowngrade = requestOptions.allowRedirectDowngrade;
            }
            if (requestOptions.maxRedirects != null) {
                this._maxRedirects = Math.max(requestOptions.maxRedirects, 0);
            }
            if (requestOptions.keepAlive != null) {
                this._keepAlive = requestOptions.keepAlive;
            }
            if (requestOptions.allowRetries != null) {
                this._allowRetries = requestOptions.allowRetries;
            }
            if (requestOptions.maxRetries != null) {
                this._maxRetries = requestOptions.maxRetries;
            }
        }
    }
    options(requestUrl, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return this.request('OPTIONS', requestUrl, null, additionalHeaders || {});
        });
    }
    get(requestUrl, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return this.request('GET', requestUrl, null, additionalHeaders || {});
        });
    }
    del(requestUrl, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return this.request('DELETE', requestUrl, null, additionalHeaders || {});
        });
    }
    post(requestUrl, data, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return this.request('POST', requestUrl, data, additionalHeaders || {});
        });
    }
    patch(requestUrl, data, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return this.request('PATCH', requestUrl, data, additionalHeaders || {});
        });
    }
    put(requestUrl, data, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return this.request('PUT', requestUrl, data, additionalHeaders || {});
        });
    }
    head(requestUrl, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return this.request('HEAD', requestUrl, null, additionalHeaders || {});
        });
    }
    sendStream(verb, requestUrl, stream, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return this.request(verb, requestUrl, stream, additionalHeaders);
        });
    }
    getJson(requestUrl_1) {
        return lib_awaiter(this, arguments, void 0, function*(requestUrl, additionalHeaders = {}) {
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            const res = yield this.get(requestUrl, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    postJson(requestUrl_1, obj_1) {
        return lib_awaiter(this, arguments, void 0, function*(requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] = this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.post(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    putJson(requestUrl_1, obj_1) {
        return lib_awaiter(this, arguments, void 0, function*(requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] = this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.put(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    patchJson(requestUrl_1, obj_1) {
        return lib_awaiter(this, arguments, void 0, function*(requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] = this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.patch(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    request(verb, requestUrl, data, headers) {
        return lib_awaiter(this, void 0, void 0, function*() {
            if (this._disposed) {
                throw new Error('Client has already been disposed.');
            }
            const parsedUrl = new URL(requestUrl);
            let info = this._prepareRequest(verb, parsedUrl, headers);
            const maxTries = this._allowRetries && RetryableHttpVerbs.includes(verb) ? this._maxRetries + 1 : 1;
            let numTries = 0;
            let response;
            do {
                response = yield this.requestRaw(info, data);
                if (response && response.message && response.message.statusCode === HttpCodes.Unauthorized) {
                    let authenticationHandler;
                    for (const handler of this.handlers){
                        if (handler.canHandleAuthentication(response)) {
                            authenticationHandler = handler;
                            break;
                        }
                    }
                    if (authenticationHandler) {
                        return authenticationHandler.handleAuthentication(this, info, data);
                    } else {
                        return response;
                    }
                }
                let redirectsRemaining = this._maxRedirects;
                while(response.message.statusCode && HttpRedirectCodes.includes(response.message.statusCode) && this._allowRedirects && redirectsRemaining > 0){
                    const redirectUrl = response.message.headers['location'];
                    if (!redirectUrl) {
                        break;
                    }
                    const parsedRedirectUrl = new URL(redirectUrl);
                    if (parsedUrl.protocol === 'https:' && parsedUrl.protocol !== parsedRedirectUrl.protocol && !this._allowRedirectDowngrade) {
                        throw new Error('Redirect from HTTPS to HTTP protocol. This downgrade is not allowed for security reasons. If you want to allow this behavior, set the allowRedirectDowngrade option to true.');
                    }
                    yield response.readBody();
                    if (parsedRedirectUrl.hostname !== parsedUrl.hostname) {
                        for(const header in headers){
                            if (header.toLowerCase() === 'authorization') {
                                delete headers[header];
                            }
                        }
                    }
                    info = this._prepareRequest(verb, parsedRedirectUrl, headers);
                    response = yield this.requestRaw(info, data);
                    redirectsRemaining--;
                }
                if (!response.message.statusCode || !HttpResponseRetryCodes.includes(response.message.statusCode)) {
                    return response;
                }
                numTries += 1;
                if (numTries < maxTries) {
                    yield response.readBody();
                    yield this._performExponentialBackoff(numTries);
                }
            }while (numTries < maxTries)
            return response;
        });
    }
    dispose() {
        if (this._agent) {
            this._agent.destroy();
        }
        this._disposed = true;
    }
    requestRaw(info, data) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return new Promise((resolve, reject)=>{
                function callbackForResult(err, res) {
                    if (err) {
                        reject(err);
                    } else if (!res) {
                        reject(new Error('Unknown error'));
                    } else {
                        resolve(res);
                    }
                }
                this.requestRawWithCallback(info, data, callbackForResult);
            });
        });
    }
    requestRawWithCallback(info, data, onResult) {
        if (typeof data === 'string') {
            if (!info.options.headers) {
                info.options.headers = {};
            }
            info.options.headers['Content-Length'] = Buffer.byteLength(data, 'utf8');
        }
        let callbackCalled = false;
        function handleResult(err, res) {
            if (!callbackCalled) {
                callbackCalled = true;
                onResult(err, res);
            }
        }
        const req = info.httpModule.request(info.options, (msg)=>{
            const res = new HttpClientResponse(msg);
            handleResult(undefined, res);
        });
        let socket;
        req.on('socket', (sock)=>{
            socket = sock;
        });
        req.setTimeout(this._socketTimeout || 3 * 60000, ()=>{
            if (socket) {
                socket.end();
            }
            handleResult(new Error(`Request timeout: ${info.options.path}`));
        });
        req.on('error', function(err) {
            handleResult(err);
        });
        if (data && typeof data === 'string') {
            req.write(data, 'utf8');
        }
        if (data && typeof data !== 'string') {
            data.on('close', function() {
                req.end();
            });
            data.pipe(req);
        } else {
            req.end();
        }
    }
    getAgent(serverUrl) {
        const parsedUrl = new URL(serverUrl);
        return this._getAgent(parsedUrl);
    }
    getAgentDispatcher(serverUrl) {
        const parsedUrl = new URL(serverUrl);
        const proxyUrl = getProxyUrl(parsedUrl);
        const useProxy = proxyUrl && proxyUrl.hostname;
        if (!useProxy) {
            return;
        }
        return this._getProxyAgentDispatcher(parsedUrl, proxyUrl);
    }
    _prepareRequest(method, requestUrl, headers) {
        const info = {};
        info.parsedUrl = requestUrl;
        const usingSsl = info.parsedUrl.protocol === 'https:';
        info.httpModule = usingSsl ? external_https_namespaceObject : external_http_namespaceObject;
        const defaultPort = usingSsl ? 443 : 80;
        info.options = {};
        info.options.host = info.parsedUrl.hostname;
        info.options.port = info.parsedUrl.port ? parseInt(info.parsedUrl.port) : defaultPort;
        info.options.path = (info.parsedUrl.pathname || '') + (info.parsedUrl.search || '');
        info.options.method = method;
        info.options.headers = this._mergeHeaders(headers);
        if (this.userAgent != null) {
            info.options.headers['user-agent'] = this.userAgent;
        }
        info.options.agent = this._getAgent(info.parsedUrl);
        if (this.handlers) {
            for (const handler of this.handlers){
                handler.prepareRequest(info.options);
            }
        }
        return info;
    }
    _mergeHeaders(headers) {
        if (this.requestOptions && this.requestOptions.headers) {
            return Object.assign({}, lowercaseKeys(this.requestOptions.headers), lowercaseKeys(headers || {}));
        }
        return lowercaseKeys(headers || {});
    }
    _getExistingOrDefaultHeader(additionalHeaders, header, _default) {
        let clientHeader;
        if (this.requestOptions && this.requestOptions.headers) {
            const headerValue = lowercaseKeys(this.requestOptions.headers)[header];
            if (headerValue) {
                clientHeader = typeof headerValue === 'number' ? headerValue.toString() : headerValue;
            }
        }
        const additionalValue = additionalHeaders[header];
        if (additionalValue !== undefined) {
            return typeof additionalValue === 'number' ? additionalValue.toString() : additionalValue;
        }
        if (clientHeader !== undefined) {
            return clientHeader;
        }
        return _default;
    }
    _getExistingOrDefaultContentTypeHeader(additionalHeaders, _default) {
        let clientHeader;
        if (this.requestOptions && this.requestOptions.headers) {
            const headerValue = lowercaseKeys(this.requestOptions.headers)[Headers.ContentType];
            if (headerValue) {
                if (typeof headerValue === 'number') {
                    clientHeader = String(headerValue);
                } else if (Array.isArray(headerValue)) {
                    clientHeader = headerValue.join(', ');
                } else {
                    clientHeader = headerValue;
                }
            }
        }
        const additionalValue = additionalHeaders[Headers.ContentType];
        if (additionalValue !== undefined) {
            if (typeof additionalValue === 'number') {
                return String(additionalValue);
            } else if (Array.isArray(additionalValue)) {
                return additionalValue.join(', ');
            } else {
                return additionalValue;
            }
        }
        if (clientHeader !== undefined) {
            return clientHeader;
        }
        return _default;
    }
    _getAgent(parsedUrl) {
        let agent;
        const proxyUrl = getProxyUrl(parsedUrl);
        const useProxy = proxyUrl && proxyUrl.hostname;
        if (this._keepAlive && useProxy) {
            agent = this._proxyAgent;
        }
        if (!useProxy) {
            agent = this._agent;
        }
        if (agent) {
            return agent;
        }
        const usingSsl = parsedUrl.protocol === 'https:';
        let maxSockets = 100;
        if (this.requestOptions) {
            maxSockets = this.requestOptions.maxSockets || external_http_.globalAgent.maxSockets;
        }
        if (proxyUrl && proxyUrl.hostname) {
            const agentOptions = {
                maxSockets,
                keepAlive: this._keepAlive,
                proxy: Object.assign(Object.assign({}, (proxyUrl.username || proxyUrl.password) && {
                    proxyAuth: `${proxyUrl.username}:${proxyUrl.password}`
                }), {
                    host: proxyUrl.hostname,
                    port: proxyUrl.port
                })
            };
            let tunnelAgent;
            const overHttps = proxyUrl.protocol === 'https:';
            if (usingSsl) {
                tunnelAgent = overHttps ? tunnel.httpsOverHttps : tunnel.httpsOverHttp;
            } else {
                tunnelAgent = overHttps ? tunnel.httpOverHttps : tunnel.httpOverHttp;
            }
            agent = tunnelAgent(agentOptions);
            this._proxyAgent = agent;
        }
        if (!agent) {
            const options = {
                keepAlive: this._keepAlive,
                maxSockets
            };
            agent = usingSsl ? new external_https_.Agent(options) : new external_http_.Agent(options);
            this._agent = agent;
        }
        if (usingSsl && this._ignoreSslError) {
            agent.options = Object.assign(agent.options || {}, {
                rejectUnauthorized: false
            });
        }
        return agent;
    }
    _getProxyAgentDispatcher(parsedUrl, proxyUrl) {
        let proxyAgent;
        if (this._keepAlive) {
            proxyAgent = this._proxyAgentDispatcher;
        }
        if (proxyAgent) {
            return proxyAgent;
        }
        const usingSsl = parsedUrl.protocol === 'https:';
        proxyAgent = new ProxyAgent(Object.assign({
            uri: proxyUrl.href,
            pipelining: !this._keepAlive ? 0 : 1
        }, (proxyUrl.username || proxyUrl.password) && {
            token: `Basic ${Buffer.from(`${proxyUrl.username}:${proxyUrl.password}`).toString('base64')}`
        }));
        this._proxyAgentDispatcher = proxyAgent;
        if (usingSsl && this._ignoreSslError) {
            proxyAgent.options = Object.assign(proxyAgent.options.requestTls || {}, {
                rejectUnauthorized: false
            });
        }
        return proxyAgent;
    }
    _getUserAgentWithOrchestrationId(userAgent) {
        const baseUserAgent = userAgent || 'actions/http-client';
        const orchId = process.env['ACTIONS_ORCHESTRATION_ID'];
        if (orchId) {
            const sanitizedId = orchId.replace(/[^a-z0-9_.-]/gi, '_');
            return `${baseUserAgent} actions_orchestration_id/${sanitizedId}`;
        }
        return baseUserAgent;
    }
    _performExponentialBackoff(retryNumber) {
        return lib_awaiter(this, void 0, void 0, function*() {
            retryNumber = Math.min(ExponentialBackoffCeiling, retryNumber);
            const ms = ExponentialBackoffTimeSlice * Math.pow(2, retryNumber);
            return new Promise((resolve)=>setTimeout(()=>resolve(), ms));
        });
    }
    _processResponse(res, options) {
        return lib_awaiter(this, void 0, void 0, function*() {
            return new Promise((resolve, reject)=>lib_awaiter(this, void 0, void 0, function*() {
                    const statusCode = res.message.statusCode || 0;
                    const response = {
                        statusCode,
                        result: null,
                        headers: {}
                    };
                    if (statusCode === HttpCodes.NotFound) {
                        resolve(response);
                    }
                    function dateTimeDeserializer(key, value) {
                        if (typeof value === 'string') {
                            const a = new Date(value);
                            if (!isNaN(a.valueOf())) {
                                return a;
                            }
                        }
                        return value;
                    }
                    let obj;
                    let contents;
                    try {
                        contents = yield res.readBody();
                        if (contents && contents.length > 0) {
                            if (options && options.deserializeDates) {
                                obj = JSON.parse(contents, dateTimeDeserializer);
                            } else {
                                obj = JSON.parse(contents);
                            }
                            response.result = obj;
                        }
                        response.headers = res.message.headers;
                    } catch (err) {}
                    if (statusCode > 299) {
                        let msg;
                        if (obj && obj.message) {
                            msg = obj.message;
                        } else if (contents && contents.length > 0) {
                            msg = contents;
                        } else {
                            msg = `Failed request: (${statusCode})`;
                        }
                        const err = new HttpClientError(msg, statusCode);
                        err.result = response.result;
                        reject(err);
                    } else {
                        resolve(response);
                    }
                }));
        });
    }
}
const lowercaseKeys = (obj)=>Object.keys(obj).reduce((c, k)=>(c[k.toLowerCase()] = obj[k], c), {});

;// CONCATENATED MODULE: ./lib/clock.js
function monotonicMs() {
    return Number(process.hrtime.bigint() / 1000000n);
}

;// CONCATENATED MODULE: ./lib/printable.js
const MAX_CHARACTERS = 200;
const MAX_READ_CHARACTERS = 10_000;
const MIN_SLICE_CHARACTERS = 12;
function printable(text, secrets = []) {
    const hidden = hide(toAscii(text.slice(0, MAX_READ_CHARACTERS)), secrets.map(toAscii));
    const shown = hidden.replaceAll('##[', '## [');
    return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS - 3)}...` : shown;
}
function toAscii(text) {
    return text.replace(/[^\x20-\x7e]/gu, '?');
}
function hide(text, secrets) {
    const isHidden = new Array(text.length).fill(false);
    for (const [size, known] of gatherSlices(secrets)){
        slicesOf(text, size).forEach((slice, start)=>{
            if (known.has(slice)) isHidden.fill(true, start, start + size);
        });
    }
    return Array.from(text, (character, index)=>isHidden[index] ? isHidden[index - 1] ? '' : '***' : character).join('');
}
function gatherSlices(secrets) {
    const slices = new Map();
    for (const secret of secrets.filter((secret)=>secret !== '')){
        const size = Math.min(secret.length, MIN_SLICE_CHARACTERS);
        const known = slices.get(size) ?? new Set();
        for (const slice of slicesOf(secret, size))known.add(slice);
        slices.set(size, known);
    }
    return slices;
}
function slicesOf(text, size) {
    return Array.from({
        length: text.length - size + 1
    }, (_slice, start)=>text.slice(start, start + size));
}

;// CONCATENATED MODULE: ./lib/connection-error.js


const RUN_AGAIN = 'Run the job again; if it fails again, look at the status page of the server.';
const CHECK_HOST = 'Check the host in {input}, and that the runner can reach it.';
const CHECK_URL = 'Check {input}.';
const CHECK_PROXY = 'Check the proxy setting https_proxy, or name the host in no_proxy.';
const NAME_AUTHORITY = 'If the server or a proxy uses a certificate of your own authority, name its file in NODE_EXTRA_CA_CERTS.';
const CAN_PASS = {};
const EXPLANATIONS = [
    [
        /^(ENOTFOUND|EAI_AGAIN)$/,
        'its host name has no address',
        CHECK_HOST,
        CAN_PASS
    ],
    [
        /^ECONNREFUSED$/,
        'the connection was refused',
        CHECK_HOST,
        CAN_PASS
    ],
    [
        /^(ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|ETIMEDOUT)$/,
        'the host cannot be reached',
        CHECK_HOST,
        CAN_PASS
    ],
    [
        /^(ECONNRESET|ECONNABORTED|EPIPE)$/,
        'the connection broke off',
        RUN_AGAIN,
        CAN_PASS
    ],
    [
        /^HPE_/,
        'the answer is not HTTP',
        CHECK_URL
    ],
    [
        /^CERT_HAS_EXPIRED$/,
        'its certificate has expired',
        'Tell those who run the server, or check the clock of the runner.'
    ],
    [
        /^CERT_NOT_YET_VALID$/,
        'its certificate is not valid yet',
        'Check the clock of the runner.'
    ],
    [
        /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
        'its certificate is for another host',
        'Check the host in {input}.'
    ],
    [
        /^(EPROTO|ERR_SSL_|ERR_TLS_)/,
        'no secure connection',
        'Check host and port in {input}.'
    ],
    [
        /CERT|SIGNATURE|^INVALID_/,
        'its certificate is not trusted',
        NAME_AUTHORITY
    ]
];
const PROXY_EXPLANATIONS = [
    [
        /statusCode=(407)/,
        'the proxy asks for credentials',
        'Check user name and password in https_proxy.'
    ],
    [
        /statusCode=(502|503|504)/,
        'the proxy does not connect to it',
        CHECK_PROXY,
        CAN_PASS
    ],
    [
        /statusCode=(\d+)/,
        'the proxy does not connect to it',
        CHECK_PROXY
    ],
    [
        /illegal response body|Parse Error/,
        'the address in https_proxy is not that of a proxy',
        CHECK_PROXY
    ],
    [
        /certificate|self.signed/i,
        'the certificate of the proxy is not trusted',
        NAME_AUTHORITY
    ],
    [
        /socket hang up/,
        'the proxy closed the connection',
        CHECK_PROXY,
        CAN_PASS
    ]
];
function explainConnectionError(error, input) {
    const root = rootOf(error);
    const code = codeOf(root);
    const message = root.message ?? '';
    if (/^(tunneling socket|got illegal response body from proxy)/.test(message)) return explainProxyError(message);
    for (const [pattern, reason, cure, passing] of EXPLANATIONS){
        if (pattern.test(code)) {
            return new Failure(`${reason} (${code})`, cure.replace('{input}', input), passing);
        }
    }
    return new Failure(printable(message || code), CHECK_URL.replace('{input}', input));
}
function explainProxyError(message) {
    for (const [pattern, reason, cure, passing] of PROXY_EXPLANATIONS){
        const [match, status] = pattern.exec(message) ?? [];
        if (match !== undefined) return new Failure(status ? `${reason} (HTTP ${status})` : reason, cure, passing);
    }
    const code = /\bE[A-Z_]{3,}\b/.exec(message)?.[0];
    return new Failure(`the proxy cannot be reached${code ? ` (${code})` : ''}`, CHECK_PROXY, CAN_PASS);
}
function rootOf(error) {
    if (typeof error !== 'object' || error === null) return {
        message: String(error)
    };
    const { errors, cause } = error;
    const inner = errors?.[0] ?? cause;
    return inner === undefined ? error : rootOf(inner);
}
function codeOf({ code, name }) {
    return typeof code === 'string' ? code : name ?? 'unknown error';
}

;// CONCATENATED MODULE: ./lib/http.js





const USER_AGENT = 'client-credentials-token/1.0.0';
const MAX_BODY_BYTES = 1024 * 1024;
function post(endpoint, headers, parameters, deadline) {
    const formHeaders = {
        ...headers,
        'Content-Type': 'application/x-www-form-urlencoded'
    };
    return exchange(endpoint, formHeaders, deadline, (client, url, allHeaders)=>client.post(url, parameters.toString(), allHeaders));
}
function get(endpoint, headers, deadline) {
    return exchange(endpoint, headers, deadline, (client, url, allHeaders)=>client.get(url, allHeaders));
}
async function exchange(endpoint, headers, deadline, send) {
    const { url, input } = endpoint;
    refuseUnreadableProxy(url);
    const timeoutMs = Math.max(1, Math.floor(deadline - monotonicMs()));
    const signal = AbortSignal.timeout(timeoutMs);
    const client = new HttpClient(undefined, [
        finishRequest(signal)
    ], {
        allowRedirects: false
    });
    try {
        const { message } = await send(client, url.href, {
            ...headers,
            Accept: 'application/json'
        });
        const body = await readBody(message, input);
        return {
            endpoint,
            status: Number(message.statusCode),
            headers: message.headers,
            body
        };
    } catch (error) {
        if (error instanceof Failure) throw error;
        if (!signal.aborted) throw explainConnectionError(error, input);
        const seconds = Math.max(1, Math.round(timeoutMs / 100)) / 10;
        throw new Failure(`no complete answer within ${seconds} s`, RUN_AGAIN, {});
    }
}
function refuseUnreadableProxy(url) {
    const setting = process.env['https_proxy'] || process.env['HTTPS_PROXY'];
    if (!setting || checkBypass(url)) return;
    try {
        const { protocol, username, password } = new URL(setting);
        decodeURIComponent(username + password);
        if (protocol === 'http:' || protocol === 'https:') return;
    } catch  {}
    throw new Failure('the proxy setting https_proxy is not an address that begins with http:// or https://', 'Write it as http://user:password@host:port, with special characters in the password percent-encoded.');
}
function finishRequest(signal) {
    const handler = {
        prepareRequest (options) {
            options.signal = signal;
            options.host = withoutBrackets(options.host);
            const { proxyOptions } = options.agent;
            if (proxyOptions) {
                proxyOptions.signal = signal;
                proxyOptions.host = withoutBrackets(proxyOptions.host);
                process.noDeprecation = true;
            }
            options.headers = {
                ...options.headers,
                'user-agent': USER_AGENT
            };
        },
        canHandleAuthentication: ()=>false
    };
    return handler;
}
function withoutBrackets(host) {
    return `${host}`.replace(/^\[|\]$/g, '');
}
async function readBody(message, input) {
    const chunks = [];
    let bytes = 0;
    for await (const chunk of message){
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) throw new Failure('the answer is larger than 1 MiB', `Check ${input}.`);
        chunks.push(chunk);
    }
    return new TextDecoder().decode(Buffer.concat(chunks));
}

;// CONCATENATED MODULE: ./lib/json-object.js
function parseJsonObject(text) {
    try {
        const value = JSON.parse(text);
        return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
    } catch  {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/oauth-error.js



const oauth_error_CHECK_URL = 'Check {input}.';
const CHECK_REQUEST = 'Check {input} and auth-method.';
const ALLOW_FLOW = 'Allow the client credentials flow for this app in the settings of the server.';
const SERVER_FAILED = 'The server has a problem of its own. Run the job again; if it fails again, look at its status page.';
const WHO_ANSWERED = 'Check {input}. A proxy or the login page of a network may also have answered in place of the server.';
const CURE_OF_CODE = new Map([
    [
        'invalid_request',
        'The server misses a parameter, or does not allow one. Check scope, audience, resource, extra-params and auth-method, and that {input} names the right endpoint.'
    ],
    [
        'invalid_client',
        '{credentials}'
    ],
    [
        'invalid_grant',
        'Check that {input} names the endpoint for the client credentials flow, and that the app is set up for it.'
    ],
    [
        'unauthorized_client',
        `${ALLOW_FLOW} {credentials}`
    ],
    [
        'unsupported_grant_type',
        `Check {input}. ${ALLOW_FLOW}`
    ],
    [
        'invalid_scope',
        'Check scope: the server does not know it, does not grant it to this app, or wants one.'
    ],
    [
        'invalid_target',
        'Check resource and audience: the server does not know the API, does not grant it to this app, or wants one.'
    ]
]);
const CURE_OF_STATUS = new Map([
    [
        401,
        '{credentials}'
    ],
    [
        403,
        `${ALLOW_FLOW} Check, too, that the app may have scope and audience, and that the server does not refuse the address of the runner.`
    ],
    [
        404,
        'Check the path in {input}: there is nothing there.'
    ],
    [
        405,
        'Check the path in {input}: it does not take this kind of request.'
    ],
    [
        408,
        SERVER_FAILED
    ],
    [
        429,
        'There were too many requests. Run the job later, or let fewer jobs ask at the same time.'
    ]
]);
const PASSING_STATUSES = [
    408,
    429,
    500,
    502,
    503,
    504
];
function explainFailure(answer, secrets, checkCredentials) {
    const { endpoint, status, headers } = answer;
    const { reason, cure } = status >= 300 && status < 400 ? explainRedirect(answer, secrets) : explainAnswer(answer, secrets);
    const passing = PASSING_STATUSES.includes(status) ? {
        status,
        retryAfter: headers['retry-after']
    } : undefined;
    const filled = cure.replace('{input}', endpoint.input).replace('{credentials}', ()=>checkCredentials);
    return new Failure(reason, filled, passing);
}
function explainAnswer(answer, secrets) {
    const { status, body } = answer;
    const fields = parseJsonObject(body);
    const statusCure = CURE_OF_STATUS.get(status) ?? (status >= 500 && status < 600 ? SERVER_FAILED : undefined);
    if (fields === undefined) {
        return {
            reason: `HTTP ${status} with ${nameOfNoJson(answer)}`,
            cure: statusCure ?? WHO_ANSWERED
        };
    }
    const code = findString([
        fields['error']
    ]);
    const text = findText(fields);
    const said = [
        `HTTP ${status}`
    ];
    if (code !== undefined) said.push(printable(code, secrets));
    if (text !== undefined) said.push(`(${printable(text, secrets)})`);
    if (status < 400 && said.length === 1) said.push('with an error that is not named');
    const cure = CURE_OF_CODE.get(code) ?? statusCure ?? (status === 400 ? CHECK_REQUEST : oauth_error_CHECK_URL);
    return {
        reason: said.join(' '),
        cure
    };
}
function explainRedirect({ status, headers: { location }, endpoint: { url } }, secrets) {
    const { origin } = location !== undefined && URL.canParse(location, url) ? new URL(location, url) : {
        origin: 'null'
    };
    if (origin === 'null') {
        return {
            reason: `HTTP ${status}, a redirect without a valid address`,
            cure: WHO_ANSWERED
        };
    }
    const hidden = [
        ...secrets,
        ...secrets.map((secret)=>secret.toLowerCase())
    ];
    const shown = origin === url.origin ? 'another path of the same server' : printable(origin, hidden);
    return {
        reason: `HTTP ${status}, a redirect to ${shown}, which is not followed`,
        cure: 'Check {input}: it must be the final address, for a redirect could take the credentials elsewhere.'
    };
}
function nameOfNoJson({ body, headers }) {
    if (body.trim() === '') return 'an empty answer';
    if (headers['content-encoding']) return 'a compressed answer, which was not asked for';
    return /^\s*<(!doctype|html|head|body|\?xml)/i.test(body) ? 'an HTML page instead of JSON' : 'something else than a JSON object';
}
function findText(fields) {
    const { error } = fields;
    const nested = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
    return findString([
        fields["error_description"],
        nested,
        fields['message'],
        fields['detail'],
        fields['title']
    ]);
}
function findString(candidates) {
    return candidates.find((value)=>typeof value === 'string' && value.trim() !== '');
}

;// CONCATENATED MODULE: ./lib/github-id-token.js






const CHECK_PERMISSION = 'Check that the job has permissions: id-token: write, and assertion-audience, if it is given.';
async function requestIdToken({ endpoint, requestToken }, audience, secrets, deadline) {
    const url = new URL(endpoint.url);
    url.searchParams.append('audience', audience);
    const idToken = await get({
        ...endpoint,
        url
    }, {
        Authorization: `Bearer ${requestToken}`
    }, deadline).then((answer)=>parseIdToken(answer, [
            requestToken,
            ...secrets
        ])).catch(({ reason, cure, passing })=>{
        throw new Failure(`no ID token from ${url.host}: ${reason}`, cure, passing);
    });
    setSecret(idToken);
    return idToken;
}
function parseIdToken(answer, secrets) {
    const value = parseJsonObject(answer.body)?.['value'];
    if (answer.status !== 200) {
        const { reason, cure, passing } = explainFailure(answer, secrets, CHECK_PERMISSION);
        throw new Failure(reason, passing ? cure : CHECK_PERMISSION, passing);
    }
    if (typeof value !== 'string' || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) {
        throw new Failure(`HTTP ${answer.status} without an ID token`, CHECK_PERMISSION);
    }
    return value;
}
function describeIdToken(idToken, secrets) {
    const claims = parseJsonObject(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) ?? {};
    return [
        'iss',
        'sub',
        'aud'
    ].map((name)=>`${name} ${typeof claims[name] === 'string' ? printable(claims[name], secrets) : '?'}`).join(', ');
}

;// CONCATENATED MODULE: ./lib/retry.js



const BACKOFF_SECONDS = [
    1,
    2.5,
    4,
    8,
    16,
    20
];
const BACKOFF_SECONDS_WHEN_BUSY = [
    4,
    8,
    16,
    20
];
const ATTEMPT_TIMEOUT_MS = 20_000;
const MIN_ATTEMPT_MS = 500;
function delayAfter({ status, retryAfter }, situation) {
    const { attempts, msLeft, now, random } = situation;
    if (attempts > retriesAfter(status, situation)) return {
        stop: 'retries'
    };
    const askedMs = parseRetryAfter(retryAfter, now);
    const roomMs = msLeft - MIN_ATTEMPT_MS;
    if (askedMs > 0 && askedMs >= roomMs) return {
        stop: 'retry-after',
        askedMs
    };
    const seconds = status === 429 ? BACKOFF_SECONDS_WHEN_BUSY : BACKOFF_SECONDS;
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
function retriesAfter(status, { retries, retriesWhenBusy }) {
    return status === 429 || status === 503 ? retriesWhenBusy : retries;
}
function parseRetryAfter(value, now) {
    const text = String(value);
    if (/^\d+$/.test(text)) return Number(text) * 1000;
    const date = / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
    return Math.max(0, date - now.getTime()) || 0;
}
async function withRetries(goal, limits, attempt) {
    const { deadline } = limits;
    for(let attempts = 1;; attempts += 1){
        try {
            return await attempt(Math.min(deadline, monotonicMs() + ATTEMPT_TIMEOUT_MS));
        } catch (error) {
            if (!(error instanceof Failure)) throw error;
            const count = attempts > 1 ? ` in ${attempts} attempts` : '';
            const giveUp = (cure)=>new Error(`${goal}${count}: ${error.reason}. ${cure}`);
            if (error.passing === undefined) throw giveUp(error.cure);
            const msLeft = deadline - monotonicMs();
            const situation = {
                ...limits,
                attempts,
                msLeft,
                now: new Date(),
                random: Math.random()
            };
            const delay = delayAfter(error.passing, situation);
            if ('stop' in delay) throw giveUp(cureAfter(error, delay, msLeft));
            const retries = retriesAfter(error.passing.status, limits);
            const bound = retries === Number.POSITIVE_INFINITY ? ', until the timeout' : ` of ${retries + 1}`;
            const seconds = (delay.waitMs / 1000).toFixed(1);
            info(`${error.reason}; trying again in ${seconds} s (attempt ${attempts + 1}${bound})`);
            await new Promise((resolve)=>setTimeout(resolve, delay.waitMs));
        }
    }
}
function cureAfter({ cure }, delay, msLeft) {
    if (delay.stop !== 'retry-after') return cure;
    const asked = delay.askedMs > 86_400_000 ? 'more than a day' : `${Math.ceil(delay.askedMs / 1000)} s`;
    const left = Math.max(0, Math.floor(msLeft / 1000));
    return `The server asks to wait ${asked}, but of the time in timeout only ${left} s are left. Run the job later, or raise timeout.`;
}

;// CONCATENATED MODULE: ./lib/endpoints.js







const MAX_URL_CHARACTERS = 2000;
const MAX_HOST_CHARACTERS = 253;
const MAX_NAMES = 32;
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
function parseEndpoint(input, text) {
    const fault = findFault(text);
    if (fault !== undefined) throw new Error(`${input} ${fault.join('. ')}`);
    return {
        url: new URL(text),
        input
    };
}
function parseIssuer(input, text) {
    const endpoint = parseEndpoint(input, text);
    if (text.includes('?')) {
        throw new Error(`${input} has a query (?...), which an issuer cannot have (RFC 8414, 2). Take it out.`);
    }
    if (text.includes('/.well-known/')) {
        throw new Error(`${input} is the address of the metadata. Leave out /.well-known/ and what follows it, except a path of the issuer behind oauth-authorization-server.`);
    }
    return {
        ...endpoint,
        identifier: text
    };
}
function findFault(text) {
    const isPlain = /^[a-z]+:\/\/[^\s\p{Cc}\\]+$/iu.test(text);
    if (!isPlain || !URL.canParse(text)) return [
        'is not a URL',
        'Give the whole address, from https:// on.'
    ];
    const url = new URL(text);
    if (text.length > MAX_URL_CHARACTERS || url.hostname.length > MAX_HOST_CHARACTERS) {
        return [
            'is too long for a URL',
            'Give the address of the server.'
        ];
    }
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK_HOST.test(url.hostname))) {
        return [
            'does not begin with https://',
            'Credentials are sent there, so only https is allowed (http only to localhost).'
        ];
    }
    if (url.username !== '' || url.password !== '') {
        return [
            'has a user name or password before its host',
            'Take it out: the credentials go into client-id and client-secret.'
        ];
    }
    if (text.includes('#')) {
        return [
            'has a fragment (#...), which an endpoint cannot have',
            'Take it out.'
        ];
    }
    return undefined;
}
async function findEndpoints(server, revocation, limits) {
    const given = typeof revocation === 'string' ? undefined : revocation;
    if ('token' in server) {
        const { token } = server;
        return {
            token,
            revocation: given,
            server: {
                audience: token.url.href,
                authMethods: [],
                signingAlgorithms: []
            }
        };
    }
    const { issuer } = server;
    const { host } = issuer.url;
    info(`Asking ${host} for its metadata`);
    const metadata = await withRetries(`Could not find the endpoints of ${host}`, limits, (deadline)=>readMetadata(issuer, deadline));
    return {
        token: metadata.token,
        revocation: revocation === 'if known' ? findRevocation(issuer, metadata.fields) : given,
        server: metadata.server
    };
}
async function readMetadata(issuer, deadline) {
    const failures = [];
    for (const url of metadataUrls(issuer.url)){
        const found = parseMetadata(issuer, await get({
            ...issuer,
            url
        }, {}, deadline));
        if (!(found instanceof Failure)) return found;
        failures.push(new Failure(`${found.reason} (at ${url.pathname})`, found.cure, found.passing));
    }
    const cure = failures.findLast(({ reason })=>!reason.startsWith('HTTP 4'))?.cure;
    throw new Failure(failures.map(({ reason })=>reason).join('; '), cure ?? 'Check issuer: a server without metadata there needs token-url instead.', failures.find(({ passing })=>passing)?.passing);
}
function metadataUrls({ origin, pathname }) {
    const path = pathname.replace(/\/$/, '');
    return [
        new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
        new URL(`${origin}${path}/.well-known/openid-configuration`)
    ];
}
function parseMetadata(issuer, answer) {
    const fields = parseJsonObject(answer.body);
    if (fields === undefined || answer.status !== 200) return explainFailure(answer, [], 'Check issuer.');
    const { issuer: named } = fields;
    if (named !== issuer.identifier) {
        return typeof named === 'string' ? new Failure(`the metadata is that of another issuer, ${printable(named)}`, 'Write issuer exactly as the server does, down to the slash at its end.') : new Failure('the metadata names no issuer', 'Check issuer.');
    }
    const token = parseMetadataEndpoint(issuer, fields, 'token_endpoint');
    if (token instanceof Failure) return token;
    return {
        fields,
        token,
        server: {
            audience: issuer.identifier,
            authMethods: findNames(fields, 'token_endpoint_auth_methods_supported'),
            signingAlgorithms: findNames(fields, 'token_endpoint_auth_signing_alg_values_supported')
        }
    };
}
function findRevocation(issuer, fields) {
    if (fields['revocation_endpoint'] === undefined || fields['revocation_endpoint'] === null) return undefined;
    const found = parseMetadataEndpoint(issuer, fields, 'revocation_endpoint');
    if (!(found instanceof Failure)) return found;
    core_warning(`The token will not be revoked: ${found.reason}. Give revocation-url, or set revoke to false.`);
    return undefined;
}
function parseMetadataEndpoint({ url }, fields, name) {
    const text = fields[name];
    const cure = 'Tell those who run the server, or give token-url instead of issuer.';
    if (typeof text !== 'string') return new Failure(`the metadata names no ${name}`, cure);
    const [fault] = findFault(text) ?? [];
    if (fault !== undefined) return new Failure(`the ${name} in the metadata ${fault}`, cure);
    const endpoint = new URL(text);
    if (endpoint.protocol !== 'https:' && url.protocol === 'https:') {
        return new Failure(`the ${name} in the metadata leads to this machine`, cure);
    }
    return {
        url: endpoint,
        input: `the ${name} of issuer`
    };
}
function findNames(fields, name) {
    const names = fields[name];
    if (!Array.isArray(names)) return [];
    return names.filter((value)=>typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value)).slice(0, MAX_NAMES);
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __nccwpck_require__(598);
;// CONCATENATED MODULE: ./lib/private-key.js

const STORE_WHOLE_FILE = 'Store the whole file again, from -----BEGIN to the end of the last line.';
const MIN_RSA_BITS = 2048;
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
        'is a JWK, which the action does not take. Choose PEM where the server shows the key, or convert it.'
    ],
    [
        /^OPENSSH PRIVATE KEY$/,
        "is in the format of OpenSSH, which no authorization server's keys have. Convert a copy of its file by ssh-keygen -p -m PKCS8 -f FILE."
    ],
    [
        /PUBLIC KEY$/,
        'is a public key. Give the private key that it belongs to; the public one goes to the server.'
    ],
    [
        /^CERTIFICATE REQUEST$/,
        'is a certificate request. Give the private key that it was made with; the request goes to an authority.'
    ],
    [
        /CERTIFICATE$/,
        'is a certificate without its key. Give the private key; a certificate may stand behind it.'
    ]
];
const ALGORITHMS_OF_KIND = new Map([
    [
        'rsa',
        [
            'RS256',
            'PS256'
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
    ].filter((line)=>line !== '' && !/^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line)).sort((a, b)=>a.length - b.length);
}
function parsePrivateKey(text) {
    const blocks = findBlocks(unpack(text));
    const block = blocks.find(({ label })=>KEY_TYPES.has(label));
    if (blocks.some(({ label, body })=>label === 'ENCRYPTED PRIVATE KEY' || body.includes('ENCRYPTED'))) {
        throw new Error('private-key is encrypted, and the action takes no passphrase. Decrypt it by openssl pkey -in FILE, and store what that prints: GitHub keeps secrets encrypted.');
    }
    if (block === undefined) {
        const [, message = `is no private key in PEM. ${STORE_WHOLE_FILE}`] = OTHER_LABELS.find(([pattern])=>blocks.some(({ label })=>pattern.test(label))) ?? [];
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
    return {
        key,
        algorithms: key.asymmetricKeyType === 'rsa' ? algorithms.toReversed() : algorithms,
        certificateThumbprint
    };
}
function unpack(text) {
    const plain = text.replaceAll('\\r', '').replaceAll('\\n', '\n');
    if (plain.includes('-----BEGIN')) return plain;
    const decoded = Buffer.from(plain, 'base64').toString('latin1');
    if (decoded.includes('-----BEGIN')) return decoded;
    return /^[A-Za-z0-9+/=\s]{40,}$/.test(plain) ? `-----BEGIN PRIVATE KEY-----\n${plain}\n-----END PRIVATE KEY-----` : plain;
}
function findBlocks(pem) {
    if (/^\s*\{/.test(pem)) return [
        {
            label: 'JWK',
            body: ''
        }
    ];
    return [
        ...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/gs)
    ].map(([, label = '', body = ''])=>({
            label,
            body
        }));
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
    throw new Error(`private-key is cut off or damaged. ${STORE_WHOLE_FILE}`);
}
function canSign(key) {
    if (!/^(rsa|ec|ed25519)$/.test(`${key.asymmetricKeyType}`)) return true;
    const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    const data = Buffer.from('a trial');
    return (0,external_node_crypto_.verify)(digest, data, (0,external_node_crypto_.createPublicKey)(key), (0,external_node_crypto_.sign)(digest, data, key));
}
function findAlgorithms({ asymmetricKeyType, asymmetricKeyDetails }) {
    const { namedCurve, modulusLength = MIN_RSA_BITS } = {
        ...asymmetricKeyDetails
    };
    const kind = namedCurve ?? `${asymmetricKeyType}`;
    const algorithms = ALGORITHMS_OF_KIND.get(kind);
    if (algorithms === undefined) {
        throw new Error(`private-key is of the kind ${kind}, which the action cannot sign with. Make one for RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519.`);
    }
    if (modulusLength < MIN_RSA_BITS) {
        throw new Error(`private-key has ${modulusLength} bits, too few to be safe (RFC 7518, 3.3). Make one of ${MIN_RSA_BITS} bits or more.`);
    }
    return algorithms;
}
function findThumbprint(blocks, key) {
    const certificates = blocks.filter(({ label })=>label === 'CERTIFICATE').map(({ body })=>Buffer.from(body, 'base64'));
    if (certificates.length === 0) return undefined;
    const own = certificates.find((certificate)=>belongsTo(certificate, key));
    if (own === undefined) {
        throw new Error('private-key has a certificate that belongs to another key, or is damaged. Put the one that was made for this key behind it, or none.');
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

;// CONCATENATED MODULE: ./lib/inputs.js



const INPUTS_OF_METHOD = {
    client_secret_basic: [
        'client-secret'
    ],
    client_secret_post: [
        'client-secret'
    ],
    client_secret_jwt: [
        'client-secret',
        'assertion-audience'
    ],
    private_key_jwt: [
        'private-key',
        'key-id',
        'assertion-audience'
    ],
    github_oidc: [
        'assertion-audience'
    ]
};
const TOKEN_URL_OF_SPOTIFY = 'https://accounts.spotify.com/api/token';
const RESERVED_PARAMETERS = [
    'grant_type',
    'scope',
    'audience',
    'resource',
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type'
];
const WHERE_VALUES_COME_FROM = 'Check that the workflow sets it, and the name of the secret or variable behind it; if that belongs to an environment, the job must name the environment. Workflows started from forks and by Dependabot do not get the secrets of the repository.';
function readInputs() {
    const clientSecret = getInput('client-secret');
    const privateKey = getInput('private-key');
    for (const secret of [
        clientSecret,
        ...findKeyLines(privateKey)
    ]){
        if (secret !== '') setSecret(secret);
    }
    const clientId = requireLine('client-id', getInput('client-id'));
    const credentials = readCredentials(clientSecret, privateKey);
    return {
        clientId,
        credentials,
        server: readServer(credentials),
        scope: readOptional('scope').replace(/\s*[\t\r\n]+\s*/g, ' '),
        parameters: [
            ...readAudience(),
            ...readResources(),
            ...readExtraParameters()
        ],
        timeoutMs: 1000 * readWholeNumber('timeout', 1, 3600),
        retries: readWholeNumber('retries', 0, 10),
        revocation: readRevocation()
    };
}
function readCredentials(clientSecret, privateKey) {
    const method = readAuthMethod();
    const keyId = readLine('key-id');
    const audience = readLine('assertion-audience');
    refuseUnused(method, {
        'client-secret': clientSecret,
        'private-key': privateKey,
        'key-id': keyId,
        'assertion-audience': audience
    });
    switch(method){
        case 'client_secret_basic':
        case 'client_secret_post':
            return {
                method,
                clientSecret: requireLine('client-secret', clientSecret)
            };
        case 'client_secret_jwt':
            return {
                method,
                clientSecret: requireLine('client-secret', clientSecret),
                audience
            };
        case 'private_key_jwt':
            requireValue('private-key', privateKey, WHERE_VALUES_COME_FROM);
            return {
                method,
                privateKey: parsePrivateKey(privateKey),
                keyId,
                audience
            };
        case 'github_oidc':
            return {
                method,
                idTokenRequest: readIdTokenRequest(),
                audience
            };
    }
}
function readAuthMethod() {
    const method = getInput('auth-method');
    const names = Object.keys(INPUTS_OF_METHOD);
    const known = names.find((name)=>name === method);
    if (known === undefined) {
        throw new Error(`auth-method is none of ${names.join(', ')}. Correct it, or leave the input out.`);
    }
    return known;
}
function refuseUnused(method, values) {
    const used = INPUTS_OF_METHOD[method];
    const unused = Object.keys(values).find((name)=>values[name] && !used.includes(name));
    if (unused === undefined) return;
    const others = Object.entries(INPUTS_OF_METHOD).filter(([, names])=>names.includes(unused));
    throw new Error(`${unused} is not used by the auth-method ${method}. Take it out, or set auth-method to ${others.map(([name])=>name).join(' or ')}.`);
}
function readIdTokenRequest() {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken } = process.env;
    if (!url || !requestToken) {
        throw new Error('auth-method github_oidc needs an ID token of GitHub, which this job may not ask for. Add permissions: id-token: write to the job. Workflows started from forks do not get that permission.');
    }
    setSecret(requestToken);
    return {
        endpoint: parseEndpoint('ACTIONS_ID_TOKEN_REQUEST_URL', url),
        requestToken
    };
}
function readServer(credentials) {
    const issuer = readOptional('issuer');
    const tokenUrl = readOptional('token-url');
    if (issuer !== '') {
        if (tokenUrl !== '' && tokenUrl !== TOKEN_URL_OF_SPOTIFY) {
            throw new Error('issuer and token-url are both given. Take one of them out: issuer finds the token endpoint by itself.');
        }
        return {
            issuer: parseIssuer('issuer', issuer)
        };
    }
    requireValue('token-url', tokenUrl, 'Give the address of the token endpoint, or leave the input out for Spotify.');
    refuseForSpotify(tokenUrl, credentials);
    return {
        token: parseEndpoint('token-url', tokenUrl)
    };
}
function refuseForSpotify(tokenUrl, credentials) {
    if (tokenUrl !== TOKEN_URL_OF_SPOTIFY) return;
    const { method } = credentials;
    const foreign = [
        'audience',
        'resource',
        'revocation-url'
    ].find((name)=>getInput(name) !== '');
    const unknown = foreign ?? (/^client_secret_(basic|post)$/.test(method) ? undefined : `auth-method ${method}`);
    if (unknown === undefined) return;
    throw new Error(`token-url is that of Spotify, which does not know ${unknown}. Give token-url or issuer; if the workflow gives issuer, check the variable behind it, for it came empty.`);
}
function readRevocation() {
    const text = getInput('revoke');
    if (!/^(true|false)$/i.test(text)) {
        throw new Error('revoke is neither true nor false. Correct it, or leave the input out.');
    }
    const url = readOptional('revocation-url');
    const endpoint = url === '' ? 'if known' : parseEndpoint('revocation-url', url);
    return text.toLowerCase() === 'true' ? endpoint : 'off';
}
function requireValue(name, value, cure) {
    if (value === '') throw new Error(`${name} is empty. ${cure}`);
    refuseExpression(name, value);
}
function requireLine(name, value) {
    requireValue(name, value, WHERE_VALUES_COME_FROM);
    refuseControls(name, value);
    return value;
}
function readLine(name) {
    const value = readOptional(name);
    refuseControls(name, value);
    return value === '' ? undefined : value;
}
function refuseControls(name, value) {
    if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
        throw new Error(`${name} has a line break or another control character inside. Store it again, as one line and without anything around it.`);
    }
}
function readOptional(name) {
    const value = getInput(name);
    refuseExpression(name, value);
    return value;
}
function readLines(name) {
    return readOptional(name).split(/[\r\n]+/).map((line)=>line.trim()).filter((line)=>line !== '');
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
            throw new Error('resource has a line that is not an absolute URI without a fragment (RFC 8707, 2). Write one URI on each line, as in https://api.example.com.');
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
        if (name === undefined) {
            throw new Error('extra-params has a line that is not name=value. Write one parameter on each line.');
        }
        if (RESERVED_PARAMETERS.includes(name)) {
            throw new Error(`extra-params has ${name}, which the action sets. Take it out, or use the input for it.`);
        }
        return [
            name,
            value
        ];
    });
}
function refuseExpression(name, value) {
    if (value.includes('${{')) {
        throw new Error(`${name} holds an expression that was not evaluated: it still has \${{ in it. Write the expression into the workflow file itself, as in \${{ secrets.NAME }}.`);
    }
}
function readWholeNumber(name, min, max) {
    const text = getInput(name);
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
        throw new Error(`${name} is not a whole number from ${min} to ${max}. Correct it, or leave the input out.`);
    }
    return value;
}

;// CONCATENATED MODULE: ./lib/client-auth.js




const CHECK_SECRET = 'Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.';
const CHECK_CLOCK = 'Check, too, that the clock of the runner is right.';
function prepareAuthentication({ clientId, credentials }, target) {
    const notes = findUnlisted(credentials, target);
    switch(credentials.method){
        case 'client_secret_basic':
            {
                const authentication = authenticateBasic(clientId, credentials.clientSecret, target, notes);
                return async ()=>authentication;
            }
        case 'client_secret_post':
            {
                const { clientSecret } = credentials;
                const authentication = {
                    headers: {},
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
                        clientSecret,
                        formEncode(clientSecret)
                    ],
                    cure: noteAfter(CHECK_SECRET, [
                        ...findOddities(clientId, clientSecret, target),
                        ...notes
                    ])
                };
                return async ()=>authentication;
            }
        case 'client_secret_jwt':
            {
                const { clientSecret, audience = target.audience } = credentials;
                const key = new TextEncoder().encode(clientSecret);
                const cure = noteAfter(`${CHECK_SECRET} ${CHECK_CLOCK}`, [
                    ...findOddities(clientId, clientSecret, target),
                    ...notes
                ]);
                return byAssertions(clientId, [
                    clientSecret
                ], async ()=>({
                        assertion: await sign(clientId, audience, {
                            alg: 'HS256'
                        }, key),
                        cure
                    }));
            }
        case 'private_key_jwt':
            {
                const { privateKey, keyId, audience = target.audience } = credentials;
                const header = findHeader(privateKey, keyId, target);
                const cure = noteAfter(`Check that the public key of private-key is registered for client-id${keyId === undefined ? '' : ', under key-id'}, and that the server expects ${header.alg} and the audience ${audience} (assertion-audience). ${CHECK_CLOCK}`, notes);
                return byAssertions(clientId, [], async ()=>({
                        assertion: await sign(clientId, audience, header, privateKey.key),
                        cure
                    }));
            }
        case 'github_oidc':
            {
                const { idTokenRequest, audience = target.audience } = credentials;
                return byAssertions(clientId, [], async (deadline, earlier)=>{
                    const assertion = await requestIdToken(idTokenRequest, audience, earlier, deadline);
                    const cure = `Check that the server trusts this workflow for client-id. Its ID token says: ${describeIdToken(assertion, [
                        idTokenRequest.requestToken,
                        ...earlier,
                        assertion
                    ])}.`;
                    return {
                        assertion,
                        cure
                    };
                });
            }
    }
}
function authenticateBasic(clientId, clientSecret, target, notes) {
    const encodedSecret = formEncode(clientSecret);
    const credential = Buffer.from(`${formEncode(clientId)}:${encodedSecret}`).toString('base64');
    setSecret(credential);
    return {
        headers: {
            Authorization: `Basic ${credential}`
        },
        parameters: [],
        secrets: [
            clientSecret,
            encodedSecret,
            credential
        ],
        cure: noteAfter(CHECK_SECRET, [
            ...findOddities(clientId, clientSecret, target),
            ...findEncoded(clientId, clientSecret),
            ...notes
        ])
    };
}
function byAssertions(clientId, secrets, make) {
    const made = [];
    return async (deadline)=>{
        const { assertion, cure } = await make(deadline, made);
        made.push(assertion);
        return {
            headers: {},
            parameters: [
                [
                    'client_id',
                    clientId
                ],
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
                ...made,
                ...secrets
            ],
            cure
        };
    };
}
const sign = async (...args)=>{
    const { signClientAssertion } = await __nccwpck_require__.e(/* import() */ 948).then(__nccwpck_require__.bind(__nccwpck_require__, 948));
    const assertion = await signClientAssertion(...args);
    setSecret(assertion);
    return assertion;
};
function findHeader({ algorithms, certificateThumbprint }, keyId, { signingAlgorithms }) {
    const alg = algorithms.find((name)=>signingAlgorithms.includes(name)) ?? algorithms[0];
    return {
        alg,
        kid: keyId,
        'x5t#S256': certificateThumbprint
    };
}
function formEncode(value) {
    return new URLSearchParams({
        '': value
    }).toString().slice('='.length);
}
function noteAfter(cure, notes) {
    return [
        cure,
        ...notes.map((note)=>`Note that ${note}.`)
    ].join(' ');
}
function findOddities(clientId, clientSecret, { audience: tokenUrl }) {
    const oddities = [];
    if (tokenUrl === TOKEN_URL_OF_SPOTIFY && !/^[0-9a-f]{32}$/.test(clientId)) {
        oddities.push('the request went to Spotify, whose IDs look otherwise: if it is for another server, token-url is missing, or issuer came empty');
    }
    if (clientId === clientSecret) oddities.push('client-id and client-secret are the same');
    for (const [name, value] of Object.entries({
        'client-id': clientId,
        'client-secret': clientSecret
    })){
        if (/^(["'`]).*\1$/.test(value)) oddities.push(`${name} is wrapped in quotes`);
        if (/\s/.test(value)) oddities.push(`${name} has white space inside`);
    }
    return oddities;
}
function findEncoded(clientId, clientSecret) {
    return Object.entries({
        'client-id': clientId,
        'client-secret': clientSecret
    }).filter(([, value])=>formEncode(value) !== value).map(([name])=>`${name} has characters that are sent encoded (RFC 6749, 2.3.1), which some servers do not decode: try auth-method client_secret_post`);
}
function findUnlisted(credentials, { authMethods }) {
    const { method } = credentials;
    if (authMethods.length === 0 || authMethods.includes(method)) return [];
    const secrets = 'clientSecret' in credentials ? [
        credentials.clientSecret
    ] : [];
    return [
        `the metadata of the server lists ${printable(authMethods.join(', '), secrets)}, but not ${method}`
    ];
}

;// CONCATENATED MODULE: ./lib/token.js



const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
function tokenRequestParameters(scope, parameters) {
    const request = new URLSearchParams({
        grant_type: 'client_credentials'
    });
    if (scope !== '') request.append('scope', scope);
    for (const [name, value] of parameters)request.append(name, value);
    return request;
}
function parseTokenResponse(answer, requestedAt, askedScope, { secrets, cure }) {
    const { status } = answer;
    const fields = parseJsonObject(answer.body);
    if (fields === undefined || status < 200 || status > 299 || isPresent(fields['error'])) {
        throw explainFailure(answer, [
            ...secrets,
            ...tokensIn(fields)
        ], cure);
    }
    const accessToken = fields['access_token'];
    if (typeof accessToken !== 'string' || accessToken.trim() === '' || !/^[\x20-\x7e]+$/.test(accessToken)) {
        const found = isPresent(accessToken) ? 'an access_token that is empty or no plain text' : 'no access_token';
        throw new Failure(`HTTP ${status} with ${found}`, `Check that ${answer.endpoint.input} names a token endpoint (RFC 6749, 5.1).`);
    }
    const tokenType = parseTokenType(fields['token_type']);
    const lifetime = parseLifetime(fields['expires_in'], requestedAt);
    const scope = parseScope(fields['scope']);
    const warnings = [];
    if (tokenType === undefined) warnings.push('The server names no valid token_type. Bearer is assumed.');
    if (lifetime === undefined && isPresent(fields['expires_in'])) {
        warnings.push('The expires_in of the server is no number of seconds. expires-in and expires-at stay empty.');
    }
    if (scope === undefined && isPresent(fields['scope'])) {
        warnings.push('The scope of the server is no list of names. The output scope stays empty.');
    }
    const missing = scope === undefined ? [] : findMissing(askedScope, scope);
    if (missing.length > 0) {
        warnings.push(`The server did not grant all of the scope. Missing: ${missing.join(' ')}.`);
    }
    return {
        accessToken,
        tokenType: tokenType ?? 'Bearer',
        lifetime,
        scope: scope ?? (isPresent(fields['scope']) ? '' : askedScope),
        secrets: tokensIn(fields),
        warnings
    };
}
function isPresent(value) {
    return value !== undefined && value !== null;
}
function tokensIn(fields = {}) {
    return Object.entries(fields).flatMap(([name, value])=>/(^|_)token$/.test(name) && typeof value === 'string' && value.trim() !== '' ? [
            value
        ] : []);
}
function parseTokenType(value) {
    return typeof value === 'string' && /^[\w.:/-]{1,100}$/.test(value) ? value : undefined;
}
function parseLifetime(value, requestedAt) {
    const isNumeric = typeof value === 'number' || typeof value === 'string' && /^\d+(\.\d+)?$/.test(value);
    const seconds = isNumeric ? Math.floor(Number(value)) : Number.NaN;
    const end = requestedAt.getTime() + seconds * 1000;
    return seconds >= 0 && end <= MAX_TIME_MS ? {
        seconds,
        end: new Date(end)
    } : undefined;
}
function parseScope(value) {
    const text = Array.isArray(value) && value.every((name)=>typeof name === 'string') ? value.join(' ') : value;
    return typeof text === 'string' && /^[\x20-\x7e]*$/.test(text) ? text : undefined;
}
function findMissing(askedScope, scope) {
    const granted = scope.split(/[ ,]/);
    return askedScope.split(' ').filter((name)=>name !== '' && !granted.includes(name));
}

;// CONCATENATED MODULE: ./lib/main.js









const MAX_STATE_CHARACTERS = 30_000;
async function main() {
    const start = monotonicMs();
    refuseWithoutOutputFile();
    const inputs = readInputs();
    const { timeoutMs, retries } = inputs;
    const limits = {
        deadline: start + timeoutMs,
        retries,
        retriesWhenBusy: retries === 0 ? 0 : Number.POSITIVE_INFINITY
    };
    const endpoints = await findEndpoints(inputs.server, inputs.revocation, limits);
    const token = await requestToken(inputs, endpoints, limits);
    for (const secret of token.secrets)setSecret(secret);
    for (const warning of token.warnings)core_warning(warning);
    saveRevocation(endpoints, token);
    setOutputs(token);
    info(describeToken(token));
}
async function requestToken(inputs, endpoints, limits) {
    const { host } = endpoints.token.url;
    const authenticate = prepareAuthentication(inputs, endpoints.server);
    info(`Asking ${host} for an access token`);
    return await withRetries(`Could not get a token from ${host}`, limits, async (deadline)=>{
        const authentication = await authenticate(deadline);
        const parameters = [
            ...inputs.parameters,
            ...authentication.parameters
        ];
        const request = tokenRequestParameters(inputs.scope, parameters);
        const requestedAt = new Date();
        const answer = await post(endpoints.token, authentication.headers, request, deadline);
        return parseTokenResponse(answer, requestedAt, inputs.scope, authentication);
    });
}
function saveRevocation({ revocation, server }, { accessToken, lifetime }) {
    if (revocation === undefined) return;
    const state = {
        accessToken,
        endsAt: lifetime?.end.getTime(),
        endpoint: {
            ...revocation,
            url: revocation.url.href
        },
        server
    };
    if (!process.env['GITHUB_STATE'] || JSON.stringify(state).length > MAX_STATE_CHARACTERS) {
        core_warning('The token will not be revoked: the runner cannot keep it until the job ends.');
        return;
    }
    saveState('revocation', state);
}
function refuseWithoutOutputFile() {
    const file = process.env['GITHUB_OUTPUT'] ?? '';
    try {
        (0,external_node_fs_namespaceObject.accessSync)(file, external_node_fs_namespaceObject.constants.W_OK);
        if ((0,external_node_fs_namespaceObject.statSync)(file).isFile()) return;
    } catch  {}
    throw new Error('GITHUB_OUTPUT names no file that can be written, so there is no safe way to hand the token on. Run this action on GitHub Actions or a compatible runner that provides one.');
}
function setOutputs({ accessToken, tokenType, lifetime, scope }) {
    setOutput('access-token', accessToken);
    setOutput('token-type', tokenType);
    setOutput('expires-in', lifetime?.seconds ?? '');
    setOutput('expires-at', lifetime?.end.toISOString().replace(/\.\d+/, '') ?? '');
    setOutput('scope', scope);
}
function describeToken({ tokenType, lifetime }) {
    const kind = /^bearer$/i.test(tokenType) ? `a ${tokenType} token` : 'an access token';
    if (lifetime === undefined) return `Got ${kind}; the server does not say how long it is valid`;
    const minute = lifetime.end.toISOString().replace('T', ' ').replace(/:\d\d\.\d+Z/, ' UTC');
    return `Got ${kind}, valid until ${minute}, in ${describeDuration(lifetime.seconds)}`;
}
function describeDuration(seconds) {
    if (seconds < 2 * 60) return `${seconds} s`;
    if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
    if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`;
    return `${Math.round(seconds / 86_400)} days`;
}

;// CONCATENATED MODULE: ./lib/post.js









const TIMEOUT_MS = 10_000;
const RETRIES = 1;
async function revokeToken(state) {
    const { accessToken, endsAt, endpoint, server } = JSON.parse(state);
    const url = new URL(endpoint.url);
    if (Number(endsAt) <= Date.now()) {
        info('The access token has expired by itself, so it is not revoked');
        return;
    }
    const authenticate = prepareAuthentication(readInputs(), server);
    await withRetries(`Could not revoke the access token at ${url.host}`, {
        retries: RETRIES,
        retriesWhenBusy: RETRIES,
        deadline: monotonicMs() + TIMEOUT_MS
    }, (deadline)=>revoke({
            ...endpoint,
            url
        }, accessToken, authenticate, deadline));
    info(`Revoked the access token at ${url.host}`);
}
async function revoke(endpoint, accessToken, authenticate, deadline) {
    const { headers, parameters, secrets, cure } = await authenticate(deadline);
    const request = new URLSearchParams({
        token: accessToken,
        token_type_hint: 'access_token'
    });
    for (const [name, value] of parameters)request.append(name, value);
    const answer = await post(endpoint, headers, request, deadline);
    if (Math.floor(answer.status / 100) === 2 && !saysOtherwise(answer.body)) return;
    const { reason, passing } = explainFailure(answer, [
        ...secrets,
        accessToken
    ], cure);
    throw new Failure(reason, `Check ${endpoint.input}, or set revoke to false if the server does not revoke access tokens.`, passing?.retryAfter === undefined ? passing : undefined);
}
function saysOtherwise(body) {
    return /^\s*</.test(body) || parseJsonObject(body)?.['error'] !== undefined;
}

;// CONCATENATED MODULE: ./lib/run.js



function runMain() {
    run(async ()=>{
        saveState('isPost', 'true');
        await main();
    }, setFailed);
}
function runPost(revocation) {
    run(()=>revokeToken(revocation), (message)=>core_warning(`${message} Until it expires, the token stays valid.`));
}
function run(job, fail) {
    const failUnfinished = ()=>fail('Stopped in the middle: the connection was gone without an answer and without an error. Run the job again; if it fails again, check token-url or issuer.');
    process.once('beforeExit', failUnfinished);
    job().catch(({ message })=>fail(message)).finally(()=>process.off('beforeExit', failUnfinished));
}


/***/ })

/******/ 	});
/************************************************************************/
/******/ 	// The module cache
/******/ 	var __webpack_module_cache__ = {};
/******/ 	
/******/ 	// The require function
/******/ 	function __nccwpck_require__(moduleId) {
/******/ 		// Check if module is in cache
/******/ 		var cachedModule = __webpack_module_cache__[moduleId];
/******/ 		if (cachedModule !== undefined) {
/******/ 			return cachedModule.exports;
/******/ 		}
/******/ 		// Create a new module (and put it into the cache)
/******/ 		var module = __webpack_module_cache__[moduleId] = {
/******/ 			// no module.id needed
/******/ 			// no module.loaded needed
/******/ 			exports: {}
/******/ 		};
/******/ 	
/******/ 		// Execute the module function
/******/ 		var threw = true;
/******/ 		try {
/******/ 			__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
/******/ 			threw = false;
/******/ 		} finally {
/******/ 			if(threw) delete __webpack_module_cache__[moduleId];
/******/ 		}
/******/ 	
/******/ 		// Return the exports of the module
/******/ 		return module.exports;
/******/ 	}
/******/ 	
/******/ 	// expose the modules object (__webpack_modules__)
/******/ 	__nccwpck_require__.m = __webpack_modules__;
/******/ 	
/************************************************************************/
/******/ 	/* webpack/runtime/asset-relocator-loader */
/******/ 	if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = __dirname + "/";
/******/ 	
/******/ 	/* webpack/runtime/create fake namespace object */
/******/ 	(() => {
/******/ 		var getProto = Object.getPrototypeOf ? (obj) => (Object.getPrototypeOf(obj)) : (obj) => (obj.__proto__);
/******/ 		var leafPrototypes;
/******/ 		// create a fake namespace object
/******/ 		// mode & 1: value is a module id, require it
/******/ 		// mode & 2: merge all properties of value into the ns
/******/ 		// mode & 4: return value when already ns object
/******/ 		// mode & 16: return value when it's Promise-like
/******/ 		// mode & 8|1: behave like require
/******/ 		__nccwpck_require__.t = function(value, mode) {
/******/ 			if(mode & 1) value = this(value);
/******/ 			if(mode & 8) return value;
/******/ 			if(typeof value === 'object' && value) {
/******/ 				if((mode & 4) && value.__esModule) return value;
/******/ 				if((mode & 16) && typeof value.then === 'function') return value;
/******/ 			}
/******/ 			var ns = Object.create(null);
/******/ 			__nccwpck_require__.r(ns);
/******/ 			var def = {};
/******/ 			leafPrototypes = leafPrototypes || [null, getProto({}), getProto([]), getProto(getProto)];
/******/ 			for(var current = mode & 2 && value; typeof current == 'object' && !~leafPrototypes.indexOf(current); current = getProto(current)) {
/******/ 				Object.getOwnPropertyNames(current).forEach((key) => (def[key] = () => (value[key])));
/******/ 			}
/******/ 			def['default'] = () => (value);
/******/ 			__nccwpck_require__.d(ns, def);
/******/ 			return ns;
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/define property getters */
/******/ 	(() => {
/******/ 		// define getter functions for harmony exports
/******/ 		__nccwpck_require__.d = (exports, definition) => {
/******/ 			for(var key in definition) {
/******/ 				if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 					Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 				}
/******/ 			}
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/ensure chunk */
/******/ 	(() => {
/******/ 		__nccwpck_require__.f = {};
/******/ 		// This file contains only the entry chunk.
/******/ 		// The chunk loading function for additional chunks
/******/ 		__nccwpck_require__.e = (chunkId) => {
/******/ 			return Promise.all(Object.keys(__nccwpck_require__.f).reduce((promises, key) => {
/******/ 				__nccwpck_require__.f[key](chunkId, promises);
/******/ 				return promises;
/******/ 			}, []));
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/get javascript chunk filename */
/******/ 	(() => {
/******/ 		// This function allow to reference async chunks
/******/ 		__nccwpck_require__.u = (chunkId) => {
/******/ 			// return url for filenames based on template
/******/ 			return "" + chunkId + ".index.cjs";
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/hasOwnProperty shorthand */
/******/ 	(() => {
/******/ 		__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/make namespace object */
/******/ 	(() => {
/******/ 		// define __esModule on exports
/******/ 		__nccwpck_require__.r = (exports) => {
/******/ 			if(typeof Symbol !== 'undefined' && Symbol.toStringTag) {
/******/ 				Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' });
/******/ 			}
/******/ 			Object.defineProperty(exports, '__esModule', { value: true });
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/require chunk loading */
/******/ 	(() => {
/******/ 		// no baseURI
/******/ 		
/******/ 		// object to store loaded chunks
/******/ 		// "1" means "loaded", otherwise not loaded yet
/******/ 		var installedChunks = {
/******/ 			792: 1
/******/ 		};
/******/ 		
/******/ 		// no on chunks loaded
/******/ 		
/******/ 		var installChunk = (chunk) => {
/******/ 			var moreModules = chunk.modules, chunkIds = chunk.ids, runtime = chunk.runtime;
/******/ 			for(var moduleId in moreModules) {
/******/ 				if(__nccwpck_require__.o(moreModules, moduleId)) {
/******/ 					__nccwpck_require__.m[moduleId] = moreModules[moduleId];
/******/ 				}
/******/ 			}
/******/ 			if(runtime) runtime(__nccwpck_require__);
/******/ 			for(var i = 0; i < chunkIds.length; i++)
/******/ 				installedChunks[chunkIds[i]] = 1;
/******/ 		
/******/ 		};
/******/ 		
/******/ 		// require() chunk loading for javascript
/******/ 		__nccwpck_require__.f.require = (chunkId, promises) => {
/******/ 			// "1" is the signal for "already loaded"
/******/ 			if(!installedChunks[chunkId]) {
/******/ 				if(true) { // all chunks have JS
/******/ 					installChunk(require("./" + __nccwpck_require__.u(chunkId)));
/******/ 				} else installedChunks[chunkId] = 1;
/******/ 			}
/******/ 		};
/******/ 		
/******/ 		// no external install chunk
/******/ 		
/******/ 		// no HMR
/******/ 		
/******/ 		// no HMR manifest
/******/ 	})();
/******/ 	
/************************************************************************/
var __webpack_exports__ = {};
// This entry need to be wrapped in an IIFE because it need to be in strict mode.
(() => {
"use strict";
__nccwpck_require__.r(__webpack_exports__);
const { STATE_isPost: isPost, STATE_revocation: revocation } = process.env;
const load = ()=>Promise.resolve(/* import() eager */).then(__nccwpck_require__.bind(__nccwpck_require__, 401));
if (!isPost) load().then(({ runMain })=>runMain());
else if (revocation) load().then(({ runPost })=>runPost(revocation));


})();

module.exports = __webpack_exports__;
/******/ })()
;