"use strict";
exports.id = 682;
exports.ids = [682];
exports.modules = {

/***/ 410:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.d(__webpack_exports__, {
D0: () => (t),
Rd: () => (e),
VS: () => (i),
WG: () => (u),
br: () => (f),
lF: () => (c),
mx: () => (a),
u8: () => (r),
xW: () => (n),
y4: () => (d)
});
let e=new TextEncoder,t=new TextDecoder,r=new TextDecoder("utf-8",{fatal:!0});function n(...e){let t=new Uint8Array(e.reduce((e,{length:t})=>e+t,0)),r=0;for(let n of e)t.set(n,r),r+=n.length;return t}function o(e,t,r){if(t<0||t>=0x100000000)throw RangeError(`value must be >= 0 and <= 4294967295. Received ${t}`);e.set([t>>>24,t>>>16,t>>>8,255&t],r)}function a(e){let t=Math.floor(e/0x100000000),r=new Uint8Array(8);return o(r,t,0),o(r,e%0x100000000,4),r}function i(e){let t=new Uint8Array(4);return o(t,e),t}let l=/[^\x00-\x7f]/;function c(t){if("string"==typeof t&&t.length>=128){if(l.test(t))throw TypeError("non-ASCII string encountered in encode()");return e.encode(t)}let r=new Uint8Array(t.length);for(let e=0;e<t.length;e++){let n=t.charCodeAt(e);if(n>127)throw TypeError("non-ASCII string encountered in encode()");r[e]=n}return r}function u(e,t=!1){if(Uint8Array.prototype.toBase64)return e.toBase64({alphabet:t?"base64url":"base64",omitPadding:t});let r=[];for(let t=0;t<e.length;t+=32768)r.push(String.fromCharCode.apply(null,e.subarray(t,t+32768)));let n=btoa(r.join(""));return t?n.replace(/=/g,"").replace(/\+/g,"-").replace(/\//g,"_"):n}function d(e,t=!1){if(Uint8Array.fromBase64)return Uint8Array.fromBase64(e,{alphabet:t?"base64url":"base64"});if(t){if(e.includes("+")||e.includes("/"))throw TypeError("Invalid base64url");e=e.replace(/-/g,"+").replace(/_/g,"/")}let r=atob(e),n=new Uint8Array(r.length);for(let e=0;e<r.length;e++)n[e]=r.charCodeAt(e);return n}async function f(e,t){let r=`SHA-${e.slice(-3)}`;return new Uint8Array(await crypto.subtle.digest(r,t))}

/***/ }),

/***/ 659:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.d(__webpack_exports__, {
GK: () => (k),
GZ: () => (h),
Ni: () => (g),
R7: () => (s),
Tz: () => (a),
XP: () => (u),
dT: () => (i),
or: () => (m),
xY: () => (K)
});
/* unused harmony exports isKeyLike, isKeyObject, normalizeJwk, snapshotJwk, validateExtractableOption */
/* harmony import */ var _validate_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(328);
/* harmony import */ var _util_base64url_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(581);
/* harmony import */ var _util_errors_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(458);
let e;async function i(o,i,a){let y,l,{alg:u,secret:f}=o,h="decrypt"===a||"sign"===a;if(f&&i instanceof Uint8Array)return i;if((0,_validate_js__WEBPACK_IMPORTED_MODULE_0__/* .isObject */ .Gv)(i)){if("string"!=typeof(y=b(i)).kty)throw c(u,i,f);if(!(f?"oct"===y.kty&&"string"==typeof y.k:"oct"!==y.kty&&(h?"AKP"===y.kty&&"string"==typeof y.priv||"string"==typeof y.d:void 0===y.d&&void 0===y.priv)))throw TypeError(f?'JSON Web Key for symmetric algorithms must have JWK "kty" (Key Type) equal to "oct" and the JWK "k" (Key Value) present':`JSON Web Key for this operation must be a ${h?"private":"public"} JWK`);if(((e,t,r)=>{let{alg:o}=e;if(void 0!==t.use){let e="sign"===r||"verify"===r?"sig":"enc";if(t.use!==e)throw TypeError(`Invalid key for this operation, its "use" must be "${e}" when present`)}if("AKP"===t.kty&&void 0===t.alg)throw TypeError('missing "alg" (Algorithm) Parameter value');if(void 0!==t.alg&&t.alg!==o)throw TypeError(`Invalid key for this operation, its "alg" must be "${o}" when present`);if(Array.isArray(t.key_ops)){let o="encrypt"===r||"decrypt"===r?e.ops?.[+("encrypt"!==r)]:r;if(o&&!t.key_ops.includes(o))throw TypeError(`Invalid key for this operation, its "key_ops" must include "${o}" when present`)}})(o,y,a),"oct"===y.kty)return (0,_util_base64url_js__WEBPACK_IMPORTED_MODULE_1__/* .decode */ .D)(y.k);if(!Object.isFrozen(i)){let{key_ops:e}=i;Array.isArray(e)&&Object.freeze(e),Object.freeze(i)}}else{if(!p(i))throw c(u,i,f);let e=f?"secret":h?"private":"public";if(i.type!==e&&(f||["secret","public","private"].includes(i.type)))throw TypeError(`${i[Symbol.toStringTag]} instances must be of type "${e}" for the ${u} algorithm`);if(s(i))return i;if("secret"===(l=i).type)return l.export()}let m=(e||=new WeakMap).get(i);if(m?.[u])return m[u];if(m||e.set(i,m={}),l&&"function"==typeof l.toCryptoKey){let e="public"===l.type,t=n[l.asymmetricKeyDetails?.namedCurve],r=o.resolve?.({crv:t,asymmetricKeyType:l.asymmetricKeyType})??o.subtle;return m[u]=l.toCryptoKey(r,e,o.usages[+!e])}return(y??=l.export({format:"jwk"})).alg=u,m[u]=await K(o,y)}let n={__proto__:null,prime256v1:"P-256",secp384r1:"P-384",secp521r1:"P-521"};function a(e){if(!s(e))throw Error("CryptoKey instance expected")}let s=e=>{if(e?.[Symbol.toStringTag]==="CryptoKey")return!0;try{return e instanceof CryptoKey}catch{return!1}},y=e=>e?.[Symbol.toStringTag]==="KeyObject",p=e=>s(e)||y(e);function l(e,t,...r){if(r.length>2){let t=r.pop();e+=`one of type ${r.join(", ")}, or ${t}.`}else 2===r.length?e+=`one of type ${r[0]} or ${r[1]}.`:e+=`of type ${r[0]}.`;return null==t?e+=` Received ${t}`:"function"==typeof t&&t.name?e+=` Received function ${t.name}`:"object"==typeof t&&null!=t&&t.constructor?.name&&(e+=` Received an instance of ${t.constructor.name}`),e}let u=(e,...t)=>l("Key must be ",e,...t);function c(e,t,r){let o=["CryptoKey","KeyObject","JSON Web Key"];return r&&o.push("Uint8Array"),TypeError(l(`Key for the ${e} algorithm must be `,t,...o))}let f=(e,t="algorithm.name")=>TypeError(`CryptoKey does not support this operation, its ${t} must be ${e}`);function h(e,t){if(t&&!e.usages.includes(t))throw TypeError(`CryptoKey does not support this operation, its usages must include ${t}.`)}function m(e,t){let{modulusLength:r}=t.algorithm;if("number"!=typeof r||r<2048)throw TypeError(`${e} requires key modulusLength to be 2048 bits or larger`)}function g(e,t,r){let o=e.algorithm;if(o.name!==t.name)throw f(t.name);if(t.hash&&o.hash?.name!==t.hash)throw f(t.hash,"algorithm.hash");if(t.namedCurve&&o.namedCurve!==t.namedCurve)throw f(t.namedCurve,"algorithm.namedCurve");if(void 0!==t.length&&o.length!==t.length)throw f(t.length,"algorithm.length");h(e,r)}function d(e){return{__proto__:null,...e}}function b(e){let t=d(e);if(void 0!==t.ext&&"boolean"!=typeof t.ext)throw TypeError('"ext" (Extractable) Parameter must be a boolean');if(void 0!==t.key_ops){let e=t.key_ops,r=Array.isArray(e)?[...e]:void 0;if(!r||r.some(e=>"string"!=typeof e)||new Set(r).size!==r.length)throw TypeError('"key_ops" (Key Operations) Parameter must be an array of unique strings');t.key_ops=r}return t}function v(e){if(void 0!==e&&"boolean"!=typeof e)throw TypeError('"extractable" option must be a boolean');return e}async function K(e,t,r){if(!e.kty.includes(t.kty))throw new _util_errors_js__WEBPACK_IMPORTED_MODULE_2__/* .JOSENotSupported */ .T0('Invalid or unsupported JWK "alg" (Algorithm) Parameter value');let i=e.resolve?.({kty:t.kty,crv:t.crv})??e.subtle,n=!!(t.d||t.priv),a={...t,ext:r??t.ext};return"AKP"!==a.kty&&delete a.alg,delete a.use,crypto.subtle.importKey("jwk",a,i,a.ext??!n,t.key_ops??e.usages[+!!n])}async function k(e,t,r,o=!1){return e instanceof Uint8Array&&(e=await crypto.subtle.importKey("raw",e,t,o,[r])),g(e,t,r),e}

/***/ }),

/***/ 827:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.d(__webpack_exports__, {
t: () => (t)
});
function t(t){let e={__proto__:null};for(let l in t)e[l]={...t[l],alg:l};return e}

/***/ }),

/***/ 328:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.d(__webpack_exports__, {
BU: () => (b),
CT: () => (w),
Fw: () => (h),
GT: () => (o),
Gv: () => (a),
J0: () => (m),
MV: () => (u),
OX: () => (d),
ac: () => (l),
fz: () => (c),
h2: () => (f),
ji: () => (O),
nI: () => (p),
qc: () => (y)
});
/* unused harmony export isJwkSet */
/* harmony import */ var _util_errors_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(458);
/* harmony import */ var _util_base64url_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(581);
/* harmony import */ var _buffer_utils_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(410);
function o(e,r){if(!(e instanceof Uint8Array))throw TypeError(`${r} must be an instance of Uint8Array`)}function a(e){if("object"!=typeof e||null===e||"[object Object]"!==Object.prototype.toString.call(e))return!1;let r=Object.getPrototypeOf(e);return null===r||null===Object.getPrototypeOf(r)}function s(e){return a(e)&&Array.isArray(e.keys)&&Array.from(e.keys).every(a)}function c(...e){let r=new Set;for(let t of e)if(t)for(let e of Object.keys(t)){if(r.has(e))return!1;r.add(e)}return!0}function l(e,r){if(void 0!==e)throw TypeError(`${r} can only be called once`)}function f(e,r,i){try{return (0,_util_base64url_js__WEBPACK_IMPORTED_MODULE_0__/* .decode */ .D)(e)}catch(e){throw new i(`Failed to base64url decode the ${r}`,{cause:e})}}function u(e,r,t){try{return (0,_buffer_utils_js__WEBPACK_IMPORTED_MODULE_1__/* .encode */ .lF)(e)}catch(e){throw new t(`The ${r} is not a valid base64url string`,{cause:e})}}function d(e,r,i){let o;try{o=JSON.parse(_buffer_utils_js__WEBPACK_IMPORTED_MODULE_1__/* .strictDecoder */ .u8.decode((0,_util_base64url_js__WEBPACK_IMPORTED_MODULE_0__/* .decode */ .D)(e)))}catch(e){throw new r(i,{cause:e})}if(!a(o))throw new r(i);return o}let y={__proto__:null,b64:!0},w={__proto__:null};function h(e,r){if(void 0!==r&&(!Array.isArray(r)||r.some(e=>"string"!=typeof e)))throw TypeError(`"${e}" option must be an array of strings`);return void 0===r?void 0:new Set(r)}function b(e,r){let{crit:t}=r??{};if(Array.isArray(t)&&new Set(t).size!==t.length)throw new e('"crit" (Critical) Header Parameter MUST NOT contain duplicate values')}function p(r,t,i,n,o){if(void 0!==o.crit&&n?.crit===void 0)throw new r('"crit" (Critical) Header Parameter MUST be integrity protected');if(!n||void 0===n.crit)return[];if(!Array.isArray(n.crit)||0===n.crit.length||n.crit.some(e=>"string"!=typeof e||0===e.length))throw new r('"crit" (Critical) Header Parameter MUST be an array of non-empty strings when present');let a=void 0===i?t:{__proto__:null,...i,...t};for(let t of n.crit){if(!(t in a))throw new _util_errors_js__WEBPACK_IMPORTED_MODULE_2__/* .JOSENotSupported */ .T0(`Extension Header Parameter "${t}" is not recognized`);if(!Object.hasOwn(o,t)||void 0===o[t])throw new r(`Extension Header Parameter "${t}" is missing`);if(a[t]&&(!Object.hasOwn(n,t)||void 0===n[t]))throw new r(`Extension Header Parameter "${t}" MUST be integrity protected`)}return n.crit}function m(e,t){if(t.includes("b64")){let t=e.b64;if("boolean"!=typeof t)throw new _util_errors_js__WEBPACK_IMPORTED_MODULE_2__/* .JWSInvalid */ .Ye('The "b64" (base64url-encode payload) Header Parameter must be a boolean');return t}return!0}function O(e,r){let t,i;try{t=JSON.stringify(r),i=JSON.parse(t)}catch(r){throw new e("JOSE Header is not valid JSON",{cause:r})}if(!a(i))throw new e("JOSE Header is not a JSON object");return[i,t]}

/***/ }),

/***/ 581:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.d(__webpack_exports__, {
D: () => (c),
l: () => (n)
});
/* harmony import */ var _lib_buffer_utils_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(410);
function c(e){try{return (0,_lib_buffer_utils_js__WEBPACK_IMPORTED_MODULE_0__/* .decodeBase64 */ .y4)("string"==typeof e?e:_lib_buffer_utils_js__WEBPACK_IMPORTED_MODULE_0__/* .decoder */ .D0.decode(e),!0)}catch(e){throw TypeError("The input to be decoded is not correctly encoded.",{cause:e})}}function n(o){return (0,_lib_buffer_utils_js__WEBPACK_IMPORTED_MODULE_0__/* .encodeBase64 */ .WG)("string"==typeof o?_lib_buffer_utils_js__WEBPACK_IMPORTED_MODULE_0__/* .encoder */ .Rd.encode(o):o,!0)}

/***/ }),

/***/ 458:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.d(__webpack_exports__, {
Rb: () => (s),
T0: () => (_),
Ye: () => (a),
aA: () => (E),
xO: () => (o)
});
/* unused harmony exports JOSEError, JWKInvalid, JWKSInvalid, JWKSMultipleMatchingKeys, JWKSNoMatchingKey, JWKSTimeout, JWSSignatureVerificationFailed, JWTClaimValidationFailed, JWTExpired, JWTInvalid */
class e extends Error{static code="ERR_JOSE_GENERIC";code="ERR_JOSE_GENERIC";constructor(e,t){super(e,t),this.name=this.constructor.name,Error.captureStackTrace?.(this,this.constructor)}}class t extends e{static code="ERR_JWT_CLAIM_VALIDATION_FAILED";code="ERR_JWT_CLAIM_VALIDATION_FAILED";claim;reason;payload;constructor(e,t,c="unspecified",s="unspecified"){super(e,{cause:{claim:c,reason:s,payload:t}}),this.claim=c,this.reason=s,this.payload=t}}class c extends e{static code="ERR_JWT_EXPIRED";code="ERR_JWT_EXPIRED";claim;reason;payload;constructor(e,t,c="unspecified",s="unspecified"){super(e,{cause:{claim:c,reason:s,payload:t}}),this.claim=c,this.reason=s,this.payload=t}}class s extends e{static code="ERR_JOSE_ALG_NOT_ALLOWED";code="ERR_JOSE_ALG_NOT_ALLOWED"}class _ extends e{static code="ERR_JOSE_NOT_SUPPORTED";code="ERR_JOSE_NOT_SUPPORTED"}class o extends e{static code="ERR_JWE_DECRYPTION_FAILED";code="ERR_JWE_DECRYPTION_FAILED";constructor(e="decryption operation failed",t){super(e,t)}}class E extends e{static code="ERR_JWE_INVALID";code="ERR_JWE_INVALID"}class a extends e{static code="ERR_JWS_INVALID";code="ERR_JWS_INVALID"}class i extends (/* unused pure expression or super */ null && (e)){static code=(/* unused pure expression or super */ null && ("ERR_JWT_INVALID"));code="ERR_JWT_INVALID"}class R extends (/* unused pure expression or super */ null && (e)){static code=(/* unused pure expression or super */ null && ("ERR_JWK_INVALID"));code="ERR_JWK_INVALID"}class d extends (/* unused pure expression or super */ null && (e)){static code=(/* unused pure expression or super */ null && ("ERR_JWKS_INVALID"));code="ERR_JWKS_INVALID"}class n extends e{static code="ERR_JWKS_NO_MATCHING_KEY";code="ERR_JWKS_NO_MATCHING_KEY";constructor(e="no applicable key found in the JSON Web Key Set",t){super(e,t)}}class I extends e{[Symbol.asyncIterator]=async function*(){};static code="ERR_JWKS_MULTIPLE_MATCHING_KEYS";code="ERR_JWKS_MULTIPLE_MATCHING_KEYS";constructor(e="multiple matching keys found in the JSON Web Key Set",t){super(e,t)}}class r extends e{static code="ERR_JWKS_TIMEOUT";code="ERR_JWKS_TIMEOUT";constructor(e="request timed out",t){super(e,t)}}class J extends e{static code="ERR_JWS_SIGNATURE_VERIFICATION_FAILED";code="ERR_JWS_SIGNATURE_VERIFICATION_FAILED";constructor(e="signature verification failed",t){super(e,t)}}

/***/ }),

/***/ 687:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  signClientAssertion: () => (signClientAssertion)
});

var external_node_crypto_ = __webpack_require__(598);
var base64url = __webpack_require__(581);
var errors = __webpack_require__(458);
var key_descriptor = __webpack_require__(827);
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/lib/jws_algorithms.js
let e=[["verify"],["sign"]];function r(t){let n={name:"HMAC",hash:`SHA-${t}`};return{kty:["oct"],secret:!0,subtle:n,signing:n,usages:e}}function i(t,n){let r={name:n?"RSA-PSS":"RSASSA-PKCS1-v1_5",hash:`SHA-${t}`};return{kty:["RSA"],subtle:r,signing:n?{...r,saltLength:n}:r,usages:e,minRsaBits:2048}}function s(t,n){return{kty:["EC"],crv:t,subtle:{name:"ECDSA",namedCurve:t},signing:{name:"ECDSA",hash:`SHA-${n}`},usages:e}}function S(){let t={name:"Ed25519"};return{kty:["OKP"],crv:"Ed25519",subtle:t,signing:t,usages:e}}function u(t){let n={name:`ML-DSA-${t}`};return{kty:["AKP"],subtle:n,signing:n,usages:e}}let o=(0,key_descriptor/* table */.t)({HS256:r(256),HS384:r(384),HS512:r(512),RS256:i(256),RS384:i(384),RS512:i(512),PS256:i(256,32),PS384:i(384,48),PS512:i(512,64),ES256:s("P-256",256),ES384:s("P-384",384),ES512:s("P-521",512),EdDSA:S(),Ed25519:S(),"ML-DSA-44":u(44),"ML-DSA-65":u(65),"ML-DSA-87":u(87)});function a(n){let e="string"==typeof n?o[n]:void 0;if(!e)throw new errors/* JOSENotSupported */.T0(`alg ${n} is not supported either by JOSE or your javascript runtime`);return e}
var validate = __webpack_require__(328);
var buffer_utils = __webpack_require__(410);
var key = __webpack_require__(659);
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/lib/jws_sign.js
async function p(p,w,j){let[y,b,h,v]=p,S="";if(void 0!==b){let t=(0,validate/* serializeJoseHeader */.ji)(errors/* JWSInvalid */.Ye,b);b=t[0],S=(0,base64url/* encode */.l)(t[1])}if(void 0!==h&&(h=(0,validate/* serializeJoseHeader */.ji)(errors/* JWSInvalid */.Ye,h)[0]),!b&&!h)throw new errors/* JWSInvalid */.Ye("either setProtectedHeader or setUnprotectedHeader must be called before #sign()");if(!(0,validate/* isDisjoint */.fz)(b,h))throw new errors/* JWSInvalid */.Ye("JWS Protected and JWS Unprotected Header Parameter names must be disjoint");let $={...b,...h};(0,validate/* validateCritDuplicates */.BU)(errors/* JWSInvalid */.Ye,b);let H=(0,validate/* validateB64 */.J0)(b,(0,validate/* validateCrit */.nI)(errors/* JWSInvalid */.Ye,validate/* JWS_RECOGNIZED */.qc,v,b,$));H||j?.();let{alg:P}=$;if("string"!=typeof P||!P)throw new errors/* JWSInvalid */.Ye('JWS "alg" (Algorithm) Header Parameter missing or invalid');let J=a(P),U="",W=y,A;if(H){let t=p[4];t?(U=t[0]??=(0,base64url/* encode */.l)(y),W=t[1]??=(0,buffer_utils/* encode */.lF)(U)):(U=(0,base64url/* encode */.l)(y),A=buffer_utils/* encoder */.Rd.encode(`${S}.${U}`))}A??=(0,buffer_utils/* concat */.xW)((0,buffer_utils/* encode */.lF)(S),(0,buffer_utils/* encode */.lF)("."),W);let _=await (0,key/* rawKey */.GK)(await (0,key/* prepareKey */.dT)(J,w,"sign"),J.subtle,"sign");J.minRsaBits&&(0,key/* checkModulusLength */.or)(J.alg,_);let k={signature:(0,base64url/* encode */.l)(new Uint8Array(await crypto.subtle.sign(J.signing,_,A))),payload:U};return b&&(k.protected=S),h&&(k.header=h),[k,H]}async function w(e,t,r,i,a){let[o]=await p([e,t,void 0,r],i,a);return`${o.protected}.${o.payload}.${o.signature}`}
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/jws/compact/sign.js
class sign_a{#e;#t;constructor(e){(0,validate/* assertUint8Array */.GT)(e,"payload"),this.#e=e}setProtectedHeader(e){return (0,validate/* assertNotSet */.ac)(this.#t,"setProtectedHeader"),this.#t=e,this}async sign(t,r){return w(this.#e,this.#t,r?.crit,t,()=>{throw TypeError("use the flattened module for creating JWS with b64: false")})}}
;// CONCATENATED MODULE: ./lib/oauth/client-assertion.js


const MAX_CLOCK_SKEW_SECONDS = 30;
const LIFETIME_SECONDS = 60;
function signClientAssertion(clientId, audience, header, key) {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
        iss: clientId,
        sub: clientId,
        aud: audience,
        jti: (0,external_node_crypto_.randomUUID)(),
        iat: now - MAX_CLOCK_SKEW_SECONDS,
        exp: now + LIFETIME_SECONDS
    };
    return new sign_a(new TextEncoder().encode(JSON.stringify(claims))).setProtectedHeader({
        ...header,
        typ: 'JWT'
    }).sign(key);
}


/***/ }),

/***/ 633:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  decryptToken: () => (decryptToken),
  encryptToken: () => (encryptToken)
});

var buffer_utils = __webpack_require__(410);
var key = __webpack_require__(659);
var errors = __webpack_require__(458);
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/lib/content_encryption.js
let content_encryption_y=t=>crypto.getRandomValues(new Uint8Array(t.cekBits>>3));function content_encryption_o(t,e){let r=t.byteLength<<3;if(r!==e)throw new errors/* JWEInvalid */.aA(`Invalid Content Encryption Key length. Expected ${e} bits, got ${r} bits`)}let s=t=>crypto.getRandomValues(new Uint8Array(t.ivBits>>3));function w(t,e){if(e.length<<3!==t.ivBits)throw new errors/* JWEInvalid */.aA("Invalid Initialization Vector length")}async function u(t,e,r){if(!(e instanceof Uint8Array))throw TypeError((0,key/* invalidKeyInput */.XP)(e,"Uint8Array"));let a=t.cekBits>>1;return[await crypto.subtle.importKey("raw",e.subarray(a>>3),"AES-CBC",!1,[r]),await crypto.subtle.importKey("raw",e.subarray(0,a>>3),{hash:`SHA-${a<<1}`,name:"HMAC"},!1,["sign"]),a]}async function l(t,e,r){return new Uint8Array((await crypto.subtle.sign("HMAC",t,e)).slice(0,r>>3))}async function p(r,n,a,i,c){let[y,o,s]=await u(r,a,"encrypt"),w=new Uint8Array(await crypto.subtle.encrypt({iv:i,name:"AES-CBC"},y,n)),p=(0,buffer_utils/* uint64be */.mx)(8*c.length),h=(0,buffer_utils/* concat */.xW)(c,i,w,p);return{ciphertext:w,tag:await l(o,h,s),iv:i}}async function h(t,e){let r={name:"HMAC",hash:"SHA-256"},n=await crypto.subtle.generateKey(r,!1,["sign","verify"]),a=await crypto.subtle.sign(r,n,t);return crypto.subtle.verify(r,n,a,e)}async function content_encryption_f(r,n,a,c,y,o){let[s,w,p]=await u(r,n,"decrypt"),f=(0,buffer_utils/* uint64be */.mx)(8*o.length),g=(0,buffer_utils/* concat */.xW)(o,c,a,f),b=await l(w,g,p);try{if(await h(y,b))return new Uint8Array(await crypto.subtle.decrypt({iv:c,name:"AES-CBC"},s,a))}catch{}throw new errors/* JWEDecryptionFailed */.xO}async function content_encryption_g(t,e,i,c,y){if(!(0,key/* isCryptoKey */.R7)(i)&&!(i instanceof Uint8Array))throw TypeError((0,key/* invalidKeyInput */.XP)(i,"CryptoKey","KeyObject","Uint8Array","JSON Web Key"));if(c?w(t,c):c=s(t),i instanceof Uint8Array&&content_encryption_o(i,t.cekBits),t.cbc)return p(t,e,i,c,y);let u=await (0,key/* rawKey */.GK)(i,t.subtle,"encrypt"),l=new Uint8Array(await crypto.subtle.encrypt({additionalData:y,iv:c,name:"AES-GCM",tagLength:128},u,e));return{ciphertext:l.subarray(0,-16),tag:l.subarray(-16),iv:c}}async function b(e,y,s,u,l,p){if(!(0,key/* isCryptoKey */.R7)(y)&&!(y instanceof Uint8Array))throw TypeError((0,key/* invalidKeyInput */.XP)(y,"CryptoKey","KeyObject","Uint8Array","JSON Web Key"));if(!u)throw new errors/* JWEInvalid */.aA("JWE Initialization Vector missing");if(!l)throw new errors/* JWEInvalid */.aA("JWE Authentication Tag missing");if(!e.cbc&&16!==l.length)throw new errors/* JWEInvalid */.aA("Invalid Authentication Tag length");if(w(e,u),y instanceof Uint8Array&&content_encryption_o(y,e.cekBits),e.cbc)return content_encryption_f(e,y,s,u,l,p);let h=await (0,key/* rawKey */.GK)(y,e.subtle,"decrypt");try{return new Uint8Array(await crypto.subtle.decrypt({additionalData:p,iv:u,name:"AES-GCM",tagLength:128},h,(0,buffer_utils/* concat */.xW)(s,l)))}catch{throw new errors/* JWEDecryptionFailed */.xO}}
var validate = __webpack_require__(328);
var base64url = __webpack_require__(581);
var key_descriptor = __webpack_require__(827);
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/lib/jwe_algorithms.js
let r=[["encrypt","wrapKey"],["decrypt","unwrapKey"]],n=[[],["deriveBits"]],i=[[],[]];function o(e){return{kty:["RSA"],mode:"key-encryption",subtle:{name:"RSA-OAEP",hash:`SHA-${e}`},usages:r,ops:["wrapKey","unwrapKey"]}}function jwe_algorithms_p(t){return{kty:["EC","OKP"],mode:t,subtle:{name:"ECDH"},resolve:({kty:t,crv:r,asymmetricKeyType:n})=>{if("X25519"===r||"x25519"===n)return{name:"X25519"};if("OKP"===t)throw new errors/* JOSENotSupported */.T0('Invalid or unsupported JWK "alg" (Algorithm) Parameter value');return{name:"ECDH",namedCurve:r}},usages:n,ops:[void 0,"deriveBits"]}}function jwe_algorithms_s(e,t=!1){return{kty:["oct"],mode:"key-wrapping",secret:!0,subtle:{name:t?"AES-GCM":"AES-KW",length:e},usages:i,ops:t?["encrypt","decrypt"]:["wrapKey","unwrapKey"]}}function jwe_algorithms_a(){return{kty:["oct"],mode:"key-wrapping",secret:!0,subtle:{name:"PBKDF2"},usages:i,ops:["deriveBits","deriveBits"]}}let jwe_algorithms_u=(0,key_descriptor/* table */.t)({dir:{kty:["oct"],mode:"direct-encryption",secret:!0,subtle:{name:"AES-GCM"},usages:i,ops:["encrypt","decrypt"]},"RSA-OAEP":o(1),"RSA-OAEP-256":o(256),"RSA-OAEP-384":o(384),"RSA-OAEP-512":o(512),"ECDH-ES":jwe_algorithms_p("direct-key-agreement"),"ECDH-ES+A128KW":jwe_algorithms_p("key-agreement-with-key-wrapping"),"ECDH-ES+A192KW":jwe_algorithms_p("key-agreement-with-key-wrapping"),"ECDH-ES+A256KW":jwe_algorithms_p("key-agreement-with-key-wrapping"),A128KW:jwe_algorithms_s(128),A192KW:jwe_algorithms_s(192),A256KW:jwe_algorithms_s(256),A128GCMKW:jwe_algorithms_s(128,!0),A192GCMKW:jwe_algorithms_s(192,!0),A256GCMKW:jwe_algorithms_s(256,!0),"PBES2-HS256+A128KW":jwe_algorithms_a(),"PBES2-HS384+A192KW":jwe_algorithms_a(),"PBES2-HS512+A256KW":jwe_algorithms_a()}),y=["encrypt","decrypt"];function A(e,t=!1){return{kty:["oct"],secret:!0,subtle:{name:t?"AES-CBC":"AES-GCM",length:e},usages:i,ops:y,cekBits:e,ivBits:t?128:96,cbc:t}}let c=(0,key_descriptor/* table */.t)({A128GCM:A(128),A192GCM:A(192),A256GCM:A(256),"A128CBC-HS256":A(256,!0),"A192CBC-HS384":A(384,!0),"A256CBC-HS512":A(512,!0)});function m(t,r){throw new errors/* JOSENotSupported */.T0(`Invalid or unsupported "${t}" (JWE ${r}) header value`)}function E(e){return("string"==typeof e?jwe_algorithms_u[e]:void 0)??m("alg","Algorithm")}function jwe_algorithms_d(e){return"key-wrapping"===e.mode||"key-encryption"===e.mode||"key-agreement-with-key-wrapping"===e.mode}function jwe_algorithms_g(e){return("string"==typeof e?c[e]:void 0)??m("enc","Encryption Algorithm")}
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/lib/key_management.js
function K(e,t){if("ECDH"!==e.algorithm.name&&"X25519"!==e.algorithm.name)throw TypeError("CryptoKey does not support this operation, its algorithm.name must be ECDH or X25519");(0,key/* checkUsage */.GZ)(e,t)}async function P(e,t,r){let n=await (0,key/* rawKey */.GK)(t,E(e).subtle,"wrapKey",!0),a=await crypto.subtle.importKey("raw",r,{hash:"SHA-256",name:"HMAC"},!0,["sign"]);return new Uint8Array(await crypto.subtle.wrapKey("raw",a,n,"AES-KW"))}async function C(e,t,r){let n=await (0,key/* rawKey */.GK)(t,E(e).subtle,"unwrapKey",!0),a=await crypto.subtle.unwrapKey("raw",r,n,"AES-KW",{hash:"SHA-256",name:"HMAC"},!0,["sign"]);return new Uint8Array(await crypto.subtle.exportKey("raw",a))}function k(e,t,i){(0,key/* checkCryptoKey */.Ni)(t,E(e).subtle,i),(0,key/* checkModulusLength */.or)(e,t)}async function H(e,t,r,n){if(!(e instanceof Uint8Array)||e.length<8)throw new errors/* JWEInvalid */.aA("PBES2 Salt Input must be 8 or more octets");if(!Number.isSafeInteger(r)||1!==Math.sign(r))throw new errors/* JWEInvalid */.aA("PBES2 Count Input must be a positive integer");let a=(0,buffer_utils/* concat */.xW)((0,buffer_utils/* encode */.lF)(t),Uint8Array.of(0),e),o=parseInt(t.slice(13,16),10),s={hash:`SHA-${t.slice(8,11)}`,iterations:r,name:"PBKDF2",salt:a},p=await (0,key/* rawKey */.GK)(n,E(t).subtle,"deriveBits");return new Uint8Array(await crypto.subtle.deriveBits(s,p,o))}function U(e){return (0,buffer_utils/* concat */.xW)((0,buffer_utils/* uint32be */.VS)(e.length),e)}async function B(e,t,i){let r=t>>3,n=Math.ceil(r/32),a=new Uint8Array(32*n);for(let t=1;t<=n;t++){let r=await (0,buffer_utils/* digest */.br)("sha256",(0,buffer_utils/* concat */.xW)((0,buffer_utils/* uint32be */.VS)(t),e,i));a.set(r,(t-1)*32)}return a.slice(0,r)}async function I(e,t,i,r,n=new Uint8Array,a=new Uint8Array){K(e),K(t,"deriveBits");let o=(0,buffer_utils/* concat */.xW)(U((0,buffer_utils/* encode */.lF)(i)),U(n),U(a),(0,buffer_utils/* uint32be */.VS)(r));return B(new Uint8Array(await crypto.subtle.deriveBits({name:e.algorithm.name,public:e},t,"X25519"===e.algorithm.name?256:Math.ceil(parseInt(e.algorithm.namedCurve.slice(-3),10)/8)<<3)),r,o)}function O(e){(0,key/* assertCryptoKey */.Tz)(e);let t=e.algorithm.namedCurve;if("P-256"!==t&&"P-384"!==t&&"P-521"!==t&&"X25519"!==e.algorithm.name)throw new errors/* JOSENotSupported */.T0("ECDH with the provided key is not allowed or not supported by your javascript runtime")}function J(e,t){let i=e[t];if(void 0!==i){if("string"!=typeof i)throw new errors/* JWEInvalid */.aA(`JOSE Header "${t}" (Agreement Party${"apu"===t?"U":"V"}Info) invalid`);return (0,validate/* decodeBase64url */.h2)(i,t,errors/* JWEInvalid */.aA)}}function j(e,t){if(void 0!==e&&void 0!==t&&e.byteLength===t.byteLength){for(let i=0;i<e.byteLength;i++)if(e[i]!==t[i])return;throw new errors/* JWEInvalid */.aA('JOSE Header "apu" and "apv" values must be distinct')}}function M(e){if(void 0!==e)throw new errors/* JWEInvalid */.aA("Encountered unexpected JWE Encrypted Key")}function x(e){if(void 0!==e&&1/0!==e&&(!Number.isSafeInteger(e)||e<1))throw TypeError("maxPBES2Count must be a positive safe integer or Infinity")}async function key_management_D(e,t,i,n,a,o){let{alg:c}=e,l=e.mode;if("direct-encryption"===l)return M(n),i;let y="direct-key-agreement"===l;switch(y?M(n):function(e){if(void 0===e)throw new errors/* JWEInvalid */.aA("JWE Encrypted Key missing")}(n),e.subtle.name){case"ECDH":{let{epk:n}=a;if(!(0,validate/* isObject */.Gv)(n)||["d","k","p","q","dp","dq","qi","oth","priv"].some(e=>Object.hasOwn(n,e)))throw new errors/* JWEInvalid */.aA('JOSE Header "epk" (Ephemeral Public Key) missing or invalid');O(i);let o=await (0,key/* jwkToKey */.xY)(e,n),s=J(a,"apu"),p=J(a,"apv");j(s,p);let l=await I(o,i,y?t.alg:c,y?t.cekBits:parseInt(c.slice(-5,-2),10),s,p);if(y)return l;i=l;break}case"RSA-OAEP":return (0,key/* assertCryptoKey */.Tz)(i),k(c,i,"decrypt"),new Uint8Array(await crypto.subtle.decrypt("RSA-OAEP",i,n));case"PBKDF2":{if("number"!=typeof a.p2c)throw new errors/* JWEInvalid */.aA('JOSE Header "p2c" (PBES2 Count) missing or invalid');if(a.p2c>(o??1e4))throw new errors/* JWEInvalid */.aA('JOSE Header "p2c" (PBES2 Count) out is of acceptable bounds');if("string"!=typeof a.p2s)throw new errors/* JWEInvalid */.aA('JOSE Header "p2s" (PBES2 Salt) missing or invalid');let e=(0,validate/* decodeBase64url */.h2)(a.p2s,"p2s",errors/* JWEInvalid */.aA);i=await H(e,c,a.p2c,i);break}case"AES-GCM":{if("string"!=typeof a.iv)throw new errors/* JWEInvalid */.aA('JOSE Header "iv" (Initialization Vector) missing or invalid');if("string"!=typeof a.tag)throw new errors/* JWEInvalid */.aA('JOSE Header "tag" (Authentication Tag) missing or invalid');let e=(0,validate/* decodeBase64url */.h2)(a.iv,"iv",errors/* JWEInvalid */.aA),t=(0,validate/* decodeBase64url */.h2)(a.tag,"tag",errors/* JWEInvalid */.aA);if(12!==e.byteLength)throw new errors/* JWEInvalid */.aA("Invalid Initialization Vector length");if(16!==t.byteLength)throw new errors/* JWEInvalid */.aA("Invalid Authentication Tag length");return b(jwe_algorithms_g(c.slice(0,-2)),i,n,e,t,new Uint8Array)}}return C(c.slice(-6),i,n)}async function key_management_T(i,r,n,a,o,c={}){let y,u,{alg:w,mode:f}=i,m=jwe_algorithms_d(i);if(void 0!==o&&!m)throw TypeError(`setContentEncryptionKey cannot be called with JWE "alg" (Algorithm) Header ${w}`);let h=await (0,key/* prepareKey */.dT)("direct-encryption"===f?r:i,n,"encrypt");if("direct-encryption"===f)return[h,void 0,void 0];let g=m?o??content_encryption_y(r):void 0;switch(g&&content_encryption_o(g,r.cekBits),i.subtle.name){case"ECDH":{let n;O(h);let{apu:o,apv:s}=c;void 0!==o&&(0,validate/* assertUint8Array */.GT)(o,'"apu"'),void 0!==s&&(0,validate/* assertUint8Array */.GT)(s,'"apv"');let p=o??J(a,"apu"),l=s??J(a,"apv");j(p,l),n=void 0!==c.epk?await (0,key/* prepareKey */.dT)(i,c.epk,"decrypt"):(await crypto.subtle.generateKey(h.algorithm,!0,["deriveBits"])).privateKey;let y=crypto.subtle,m=n;if(!m.extractable){if("function"!=typeof y.getPublicKey)throw TypeError('CryptoKey for "epk" must be extractable');m=await y.getPublicKey(n,[])}let{x:g,y:v,crv:b,kty:E}=await y.exportKey("jwk",m),A="direct-key-agreement"===f,S=await I(h,n,A?r.alg:w,A?r.cekBits:parseInt(w.slice(-5,-2),10),p,l),K={x:g,crv:b,kty:E};if("EC"===E&&(K.y=v),u={epk:K},void 0!==o&&(u.apu=(0,base64url/* encode */.l)(o)),void 0!==s&&(u.apv=(0,base64url/* encode */.l)(s)),A)return[S,void 0,u];h=S;break}case"RSA-OAEP":(0,key/* assertCryptoKey */.Tz)(h),k(w,h,"encrypt"),y=new Uint8Array(await crypto.subtle.encrypt("RSA-OAEP",h,g));break;case"PBKDF2":{let{p2c:t=2048,p2s:i=crypto.getRandomValues(new Uint8Array(16))}=c;h=await H(i,w,t,h),u={p2c:t,p2s:(0,base64url/* encode */.l)(i)};break}case"AES-GCM":{let t=void 0===c.iv?crypto.getRandomValues(new Uint8Array(12)):c.iv;if(!(t instanceof Uint8Array))throw TypeError('"iv" must be an instance of Uint8Array');let i=await content_encryption_g(jwe_algorithms_g(w.slice(0,-2)),g,h,t,new Uint8Array);y=i.ciphertext,u={iv:(0,base64url/* encode */.l)(i.iv),tag:(0,base64url/* encode */.l)(i.tag)}}}if(!((y??=await P(w.slice(-6),h,g))instanceof Uint8Array)||!y.byteLength)throw TypeError("JWE key management algorithm did not produce an Encrypted Key");return[g,y,u]}
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/lib/deflate.js
function deflate_i(t,i){if(void 0!==t.zip&&"DEF"!==t.zip)throw new errors/* JOSENotSupported */.T0('Unsupported JWE "zip" (Compression Algorithm) Header Parameter value.');if(void 0!==t.zip&&!i?.zip)throw new errors/* JWEInvalid */.aA('JWE "zip" (Compression Algorithm) Header Parameter MUST be in a protected header.')}function deflate_o(r){if(typeof globalThis[r]>"u")throw new errors/* JOSENotSupported */.T0(`JWE "zip" (Compression Algorithm) Header Parameter requires the ${r} API.`)}async function deflate_a(e,i,o=1/0){let n=e.writable.getWriter();n.write(i).catch(()=>{}),n.close().catch(()=>{});let s=[],p=0,c=e.readable.getReader();for(;;){let{value:e,done:t}=await c.read();if(t)break;if(s.push(e),p+=e.byteLength,1/0!==o&&p>o)throw await c.cancel().catch(()=>{}),new errors/* JWEInvalid */.aA("Decompressed plaintext exceeded the configured limit")}return (0,buffer_utils/* concat */.xW)(...s)}async function deflate_n(e){return deflate_o("CompressionStream"),deflate_a(new CompressionStream("deflate-raw"),e)}async function deflate_s(e,r){return deflate_o("DecompressionStream"),deflate_a(new DecompressionStream("deflate-raw"),e,r)}
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/lib/jwe_decrypt.js
function jwe_decrypt_A(e){let{aad:t,ciphertext:r,iv:i,protected:n,tag:o,unprotected:c}=e;if(void 0!==i&&("string"!=typeof i||!i))throw new f("JWE Initialization Vector incorrect type");if("string"!=typeof r)throw new f("JWE Ciphertext missing or incorrect type");if(void 0!==o&&("string"!=typeof o||!o))throw new f("JWE Authentication Tag incorrect type");if(void 0!==n&&"string"!=typeof n)throw new f("JWE Protected Header incorrect type");if(void 0!==t&&("string"!=typeof t||!t))throw new f("JWE AAD incorrect type");if(void 0!==c&&!a(c))throw new f("JWE Shared Unprotected Header incorrect type");return{aad:t,ciphertext:r,iv:i,protected:n,tag:o,unprotected:void 0===c?void 0:{...c}}}function jwe_decrypt_H(e){let t,r;try{let{header:i}=e;if(a(i)){r=i.alg;let e=Object.keys(i);e.includes("alg")||(r=void 0),t=Object.fromEntries(e.map(e=>[e,"alg"===e?r:i[e]]))}else t=i;let{encrypted_key:n}=e;return[{encrypted_key:n,header:t},r]}catch(e){return[void 0,r,e]}}function jwe_decrypt_k(e){let{encrypted_key:t,header:r}=e;if(void 0!==t&&"string"!=typeof t)throw new f("JWE Encrypted Key incorrect type");if(void 0!==r&&!a(r))throw new f("JWE Per-Recipient Unprotected Header incorrect type");if(void 0===e.protected&&void 0===r&&void 0===e.unprotected)throw new f("JOSE Header missing")}function jwe_decrypt_b(e){let t,{protected:o,ciphertext:a,iv:c,tag:d,aad:p}=e;return void 0!==o&&(t=(0,validate/* parseJoseHeader */.OX)(o,errors/* JWEInvalid */.aA,"JWE Protected Header is invalid")),[t,(0,validate/* decodeBase64url */.h2)(a,"ciphertext",errors/* JWEInvalid */.aA),void 0!==c?(0,validate/* decodeBase64url */.h2)(c,"iv",errors/* JWEInvalid */.aA):void 0,void 0!==d?(0,validate/* decodeBase64url */.h2)(d,"tag",errors/* JWEInvalid */.aA):void 0,(0,validate/* encodeAsciiMember */.MV)((o??"")+(void 0!==p?`.${p}`:""),"aad",errors/* JWEInvalid */.aA)]}function jwe_decrypt_j(e){let t=e&&(0,validate/* validateAlgorithms */.Fw)("keyManagementAlgorithms",e.keyManagementAlgorithms),r=e&&(0,validate/* validateAlgorithms */.Fw)("contentEncryptionAlgorithms",e.contentEncryptionAlgorithms),{crit:i,maxPBES2Count:n,maxDecompressedLength:o}=e??{};x(n);let a=o??25e4;if(0!==a&&1/0!==a&&(!Number.isSafeInteger(a)||a<1))throw TypeError("maxDecompressedLength must be 0, a positive safe integer, or Infinity");return[t,r,i,n,o]}async function jwe_decrypt_P(i,n,a,d=jwe_decrypt_b(i)){let h,l,A,H,[k,j,U,_,x]=d,{header:C,unprotected:D,aad:I}=i;if(void 0!==C||void 0!==D){if(!(0,validate/* isDisjoint */.fz)(k,C,D))throw new errors/* JWEInvalid */.aA("JWE Protected, JWE Unprotected Header, and JWE Per-Recipient Unprotected Header Parameter names must be disjoint");h={...k,...C,...D}}else h=k??{};let[S,z,L,R,T]=n,{encrypted_key:O}=i;(0,validate/* validateCrit */.nI)(errors/* JWEInvalid */.aA,validate/* JWE_RECOGNIZED */.CT,L,k,h),deflate_i(h,k);let{alg:B,enc:F}=h;if("string"!=typeof B||!B)throw new errors/* JWEInvalid */.aA("missing JWE Algorithm (alg) in JWE Header");let K=jwe_algorithms_u[B];if(""===O&&(!K||!jwe_algorithms_d(K)))throw new errors/* JWEInvalid */.aA("JWE Encrypted Key incorrect type");let M=K?.mode==="integrated-encryption";if(!M&&("string"!=typeof F||!F))throw new errors/* JWEInvalid */.aA("missing JWE Encryption Algorithm (enc) in JWE Header");if(S&&!S.has(B)||!S&&B.startsWith("PBES2"))throw new errors/* JOSEAlgNotAllowed */.Rb('"alg" (Algorithm) Header Parameter value not allowed');if(M){if(void 0!==F)throw new errors/* JWEInvalid */.aA('JWE "enc" (Encryption Algorithm) Header Parameter must not be present for integrated encryption');if(U?.byteLength)throw new errors/* JWEInvalid */.aA("JWE Initialization Vector must be empty for integrated encryption");if(_?.byteLength)throw new errors/* JWEInvalid */.aA("JWE Authentication Tag must be empty for integrated encryption")}else{if(z&&!z.has(F))throw new errors/* JOSEAlgNotAllowed */.Rb('"enc" (Encryption Algorithm) Header Parameter value not allowed');l=jwe_algorithms_g(F)}if(void 0!==O)try{A=(0,validate/* decodeBase64url */.h2)(O,"encrypted_key",errors/* JWEInvalid */.aA)}catch(e){if(!K||!jwe_algorithms_d(K))throw e;A=new Uint8Array}let V=!1;"function"==typeof a&&(a=await a(k,i),V=!0);let N=K??E(B);jwe_algorithms_d(N)&&void 0===A&&(A=new Uint8Array);let $=await (0,key/* prepareKey */.dT)("direct-encryption"===N.mode?l:N,a,"decrypt");if("integrated-encryption"===N.mode)H=await N.decrypt($,A,j,x,k,h);else{let r,i=l;try{r=await key_management_D(N,i,$,A,h,R),jwe_algorithms_d(N)&&r instanceof Uint8Array&&r.byteLength<<3!==i.cekBits&&(r=content_encryption_y(i))}catch(e){if(e instanceof TypeError||e instanceof errors/* JWEInvalid */.aA||e instanceof errors/* JOSENotSupported */.T0)throw e;r=content_encryption_y(i)}H=await b(i,r,j,U,_,x)}if("DEF"===h.zip){let e=T??25e4;if(0===e)throw new errors/* JOSENotSupported */.T0('JWE "zip" (Compression Algorithm) Header Parameter is not supported.');H=await deflate_s(H,e).catch(e=>{throw e instanceof errors/* JWEInvalid */.aA||e instanceof errors/* JOSENotSupported */.T0?e:new errors/* JWEInvalid */.aA("Failed to decompress plaintext",{cause:e})})}return{plaintext:H,...k&&{protectedHeader:k},...void 0!==I&&{additionalAuthenticatedData:(0,validate/* decodeBase64url */.h2)(I,"aad",errors/* JWEInvalid */.aA)},...D&&{sharedUnprotectedHeader:D},...C&&{unprotectedHeader:C},...V&&{key:$}}}async function jwe_decrypt_U(e,t,r){if(e instanceof Uint8Array&&(e=buffer_utils/* decoder */.D0.decode(e)),"string"!=typeof e)throw new errors/* JWEInvalid */.aA("Compact JWE must be a string or Uint8Array");let{0:i,1:n,2:o,3:a,4:c,length:d}=e.split(".");if(5!==d)throw new errors/* JWEInvalid */.aA("Invalid Compact JWE");return jwe_decrypt_P({ciphertext:a,iv:o||void 0,protected:i,tag:c||void 0,encrypted_key:n||void 0},t,r)}
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/jwe/compact/decrypt.js
async function decrypt_c(c,e,o){return jwe_decrypt_U(c,jwe_decrypt_j(o),e)}
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/lib/jwe_encrypt.js
function jwe_encrypt_u(e,t,r){if(!(0,validate/* isDisjoint */.fz)(e,t,r))throw new errors/* JWEInvalid */.aA("JWE Protected, JWE Shared Unprotected and JWE Per-Recipient Header Parameter names must be disjoint")}function v(e,t,r=!1){if(!e[1]&&!e[2]&&!e[3])throw new errors/* JWEInvalid */.aA("either setProtectedHeader, setUnprotectedHeader, or sharedUnprotectedHeader must be called before #encrypt()");void 0!==t&&(e[8]=t?.crit);let[,i,a,l,y,h,E,J,W]=e;if(void 0!==y&&(0,validate/* assertUint8Array */.GT)(y,"JWE Additional Authenticated Data"),void 0!==h&&(0,validate/* assertUint8Array */.GT)(h,"JWE Content Encryption Key"),void 0!==E&&(0,validate/* assertUint8Array */.GT)(E,"JWE Initialization Vector"),r||void 0===i||(i=(0,validate/* serializeJoseHeader */.ji)(errors/* JWEInvalid */.aA,i)[0],e[1]=i),void 0!==a&&(a=(0,validate/* serializeJoseHeader */.ji)(errors/* JWEInvalid */.aA,a)[0],e[2]=a),r||void 0===l||(l=(0,validate/* serializeJoseHeader */.ji)(errors/* JWEInvalid */.aA,l)[0],e[3]=l),void 0!==J&&!(0,validate/* isObject */.Gv)(J))throw TypeError("JWE Key Management Parameters must be an object");jwe_encrypt_u(i,a,l);let j={...i,...a,...l};(0,validate/* validateCritDuplicates */.BU)(errors/* JWEInvalid */.aA,i),(0,validate/* validateCrit */.nI)(errors/* JWEInvalid */.aA,validate/* JWE_RECOGNIZED */.CT,W,i,j),deflate_i(j,i);let{alg:b,enc:H}=j;if("string"!=typeof b||!b)throw new errors/* JWEInvalid */.aA('JWE "alg" (Algorithm) Header Parameter missing or invalid');let P=jwe_algorithms_u[b];if(P?.mode==="integrated-encryption"){if(void 0!==H)throw new errors/* JWEInvalid */.aA('JWE "enc" (Encryption Algorithm) Header Parameter must not be present for integrated encryption');if(void 0!==h)throw TypeError(`setContentEncryptionKey cannot be called with JWE "alg" (Algorithm) Header ${b}`);if(void 0!==E)throw TypeError(`setInitializationVector cannot be called with JWE "alg" (Algorithm) Header ${b}`);return[j,void 0,P]}if("string"!=typeof H||!H)throw new errors/* JWEInvalid */.aA('JWE "enc" (Encryption Algorithm) Header Parameter missing or invalid');return[j,jwe_algorithms_g(H),P]}async function jwe_encrypt_J(n,a,c){let d,p,m,s,f,g,[w,v,J]=a,[W,j,b,H,P,A,k,_,,x]=n,$=j,z=b,D=J??E(w.alg);"integrated-encryption"===D.mode?m=await (0,key/* prepareKey */.dT)(D,c,"encrypt"):[m,d,p]=await key_management_T(D,v,c,w,A,_),p&&(x?z=z?{...z,...p}:p:$=$?{...$,...p}:p,jwe_encrypt_u($,z,H));let K=$?(0,base64url/* encode */.l)(JSON.stringify($)):"",T=P?.byteLength?(0,base64url/* encode */.l)(P):void 0,U=(0,buffer_utils/* encode */.lF)(T?`${K}.${T}`:K),C=W;"DEF"===w.zip&&(C=await deflate_n(C).catch(e=>{throw e instanceof errors/* JOSENotSupported */.T0?e:new errors/* JWEInvalid */.aA("Failed to compress plaintext",{cause:e})})),"integrated-encryption"===D.mode?[d,s]=await D.encrypt(m,C,U,$,w,_):{ciphertext:s,tag:f,iv:g}=await content_encryption_g(v,C,m,k,U);let F={ciphertext:(0,base64url/* encode */.l)(s)};return g&&(F.iv=(0,base64url/* encode */.l)(g)),f&&(F.tag=(0,base64url/* encode */.l)(f)),d?.byteLength&&(F.encrypted_key=(0,base64url/* encode */.l)(d)),T&&(F.aad=T),$&&(F.protected=K),H&&(F.unprotected=H),z&&(F.header=z),F}async function W(e,t,r){return jwe_encrypt_J(e,v(e,r),t)}function jwe_encrypt_j(e){return[e.protected,e.encrypted_key,e.iv,e.ciphertext,e.tag].join(".")}
;// CONCATENATED MODULE: ./lib/node_modules/jose/dist/webapi/jwe/compact/encrypt.js
class encrypt_r{#t;constructor(t){(0,validate/* assertUint8Array */.GT)(t,"plaintext"),this.#t=[t]}setContentEncryptionKey(e){return (0,validate/* assertNotSet */.ac)(this.#t[5],"setContentEncryptionKey"),this.#t[5]=e,this}setInitializationVector(e){return (0,validate/* assertNotSet */.ac)(this.#t[6],"setInitializationVector"),this.#t[6]=e,this}setProtectedHeader(e){return (0,validate/* assertNotSet */.ac)(this.#t[1],"setProtectedHeader"),this.#t[1]=e,this}setKeyManagementParameters(e){return (0,validate/* assertNotSet */.ac)(this.#t[7],"setKeyManagementParameters"),this.#t[7]=e,this}async encrypt(t,e){return jwe_encrypt_j(await W([...this.#t],t,e))}}
var json_object = __webpack_require__(82);
var token = __webpack_require__(638);
;// CONCATENATED MODULE: ./lib/oauth/shared-token.js




const HEADER = {
    alg: 'dir',
    enc: 'A256GCM',
    typ: 'JWT'
};
const MIN_REMAINING_SECONDS = 5 * 60;
const MAX_AGE_SECONDS = 60 * 60;
const MAX_TIME_SECONDS = token/* MAX_TIME_MS */.C / 1000;
const UNDECRYPTABLE = 'shared-token cannot be decrypted with share-key. Check that both jobs use the same share-key, and pass shared-token unchanged.';
const RE_RUN = 'Re-run all jobs';
async function encryptToken({ accessToken, tokenType, scope, lifetime }, identity, { key, run }, now) {
    const exp = lifetime && Math.floor(lifetime.expiresAt.getTime() / 1000);
    const claims = {
        aud: run,
        access_token: accessToken,
        token_type: tokenType,
        scope,
        iat: lifetime && exp ? exp - lifetime.seconds : Math.floor(now.getTime() / 1000),
        exp,
        request: identity
    };
    const plaintext = new TextEncoder().encode(JSON.stringify(claims));
    return await new encrypt_r(plaintext).setProtectedHeader(HEADER).encrypt(key);
}
async function decryptToken(text, identity, { key, run }, now) {
    const claims = (0,json_object/* parseJsonObject */.d)(await decrypt(text, key));
    if (!isClaims(claims)) throw new Error(UNDECRYPTABLE);
    const { aud, access_token: accessToken, token_type: tokenType, scope, iat, exp, request } = claims;
    if (aud !== run) return {
        unusable: 'is from another workflow run',
        fix: 'Use the output of a job of the same run'
    };
    const other = identity && Object.keys(identity).find((name)=>identity[name] !== request[name]);
    if (other !== undefined) return {
        unusable: `was requested with a different ${other}`,
        fix: RE_RUN
    };
    const seconds = Math.floor((exp ?? iat + MAX_AGE_SECONDS) - now.getTime() / 1000);
    if (seconds <= 0) return {
        unusable: exp === undefined ? 'is older than an hour' : 'has expired',
        fix: RE_RUN
    };
    if (exp === undefined) return {
        accessToken,
        tokenType,
        scope,
        lifetime: undefined
    };
    if (seconds < Math.min(MIN_REMAINING_SECONDS, (exp - iat) / 2)) {
        return {
            unusable: `is about to expire (in ${seconds} s)`,
            fix: RE_RUN
        };
    }
    return {
        accessToken,
        tokenType,
        scope,
        lifetime: {
            seconds,
            expiresAt: new Date(exp * 1000)
        }
    };
}
function isClaims(claims) {
    if (claims === undefined) return false;
    const { access_token, token_type, scope, iat, exp, request } = claims;
    const isTime = (value)=>Number.isInteger(value) && Number(value) <= MAX_TIME_SECONDS;
    return (0,token/* isAccessToken */.e)(access_token) && typeof token_type === 'string' && typeof scope === 'string' && isTime(iat) && (exp === undefined || isTime(exp) && Number(iat) <= Number(exp)) && typeof request === 'object' && request !== null;
}
async function decrypt(text, key) {
    if (!/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) {
        throw new Error('shared-token is not an encrypted token. Set it to the output shared-token of another job, for example ${{ needs.token.outputs.shared-token }}.');
    }
    const options = {
        keyManagementAlgorithms: [
            HEADER.alg
        ],
        contentEncryptionAlgorithms: [
            HEADER.enc
        ]
    };
    try {
        return new TextDecoder().decode((await decrypt_c(text, key, options)).plaintext);
    } catch  {
        throw new Error(UNDECRYPTABLE);
    }
}


/***/ })

};
;