// Preloaded into the action: requests that neither answer nor fail nor keep the process alive.
const http = require('node:http')
const { EventEmitter } = require('node:events')

http.request = () => Object.assign(new EventEmitter(), { setTimeout() {}, write() {}, end() {} })
