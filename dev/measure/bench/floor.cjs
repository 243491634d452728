'use strict'
/** Minimal script with the action's request and result: masks the token and sets it as an output. */
const { appendFileSync } = require('node:fs')
const { request } = require('node:https')

const { CLIENT_ID, CLIENT_SECRET, TOKEN_URL, GITHUB_OUTPUT } = process.env
const form = 'grant_type=client_credentials'
const headers = {
  Authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`,
  Accept: 'application/json',
  'Content-Type': 'application/x-www-form-urlencoded',
  'Content-Length': Buffer.byteLength(form),
  'User-Agent': 'client-credentials-token/1.0.0',
  Connection: 'close',
}
request(TOKEN_URL, { method: 'POST', headers }, (response) => {
  const chunks = []
  response.on('data', (chunk) => chunks.push(chunk))
  response.on('end', () => {
    const { access_token: token } = JSON.parse(Buffer.concat(chunks).toString())
    process.stdout.write(`::add-mask::${token}\n`)
    appendFileSync(GITHUB_OUTPUT, `access-token=${token}\n`)
  })
}).end(form)
