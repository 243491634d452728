/** Spotify's example for Node.js, with the built-in `fetch`. */
import { appendFileSync } from 'node:fs'

const { CLIENT_ID, CLIENT_SECRET, TOKEN_URL, GITHUB_OUTPUT } = process.env
const response = await fetch(TOKEN_URL, {
  method: 'POST',
  body: new URLSearchParams({ grant_type: 'client_credentials' }),
  headers: {
    'Content-Type': 'application/x-www-form-urlencoded',
    Authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`,
  },
})
const { access_token: token } = await response.json()
appendFileSync(GITHUB_OUTPUT, `access-token=${token}\n`)
