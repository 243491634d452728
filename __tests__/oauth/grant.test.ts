import { expect, test } from '@jest/globals'
import { prepareGrant } from '../../src/oauth/grant.ts'

test('adds the grant type and advice to the request, but no secret', async () => {
  const { advice, ...proof } = await prepareGrant({ type: 'client_credentials' })(() => Promise.reject())
  expect(proof).toEqual({ parameters: [['grant_type', 'client_credentials']], secrets: [] })
  expect(advice()).toBe(
    'Check that the client credentials grant is enabled for this app (in Keycloak: service account).',
  )
})
