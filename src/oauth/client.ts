import type { IdTokenRequest } from './github-id-token.ts'
import type { PrivateKey } from './private-key.ts'

export interface Client {
  /** Empty for a request without one, which only the methods `none` and `github_oidc` allow. */
  readonly clientId: string
  readonly credentials: Credentials
}

/** By the method's name in the IANA registry of token endpoint authentication methods, and `github_oidc`. */
export type Credentials =
  | { readonly method: 'none' }
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly clientSecret: string }
  | ({ readonly method: 'client_secret_jwt'; readonly clientSecret: string } & AssertionOptions)
  | ({
      readonly method: 'private_key_jwt'
      readonly privateKey: PrivateKey
      readonly keyId: string | undefined
    } & AssertionOptions)
  | {
      readonly method: 'github_oidc'
      readonly idTokenRequest: IdTokenRequest
      readonly audience: string | undefined
    }

interface AssertionOptions {
  /** `undefined` for the server's default audience. */
  readonly audience: string | undefined
  /** `undefined` for the default of the key and the server metadata. */
  readonly algorithm: string | undefined
}

/** The algorithms of `client_secret_jwt` (RFC 7518, section 3.1), the default first. */
export const HMAC_ALGORITHMS: readonly string[] = ['HS256', 'HS384', 'HS512']
