'use strict'
/**
 * The package `tunnel`, loaded only where there is a proxy: `@actions/http-client` imports it at once, and it imports
 * `assert`.
 */
for (const name of ['httpOverHttp', 'httpsOverHttp', 'httpOverHttps', 'httpsOverHttps']) {
  exports[name] = (options) => require('real-tunnel')[name](options)
}
