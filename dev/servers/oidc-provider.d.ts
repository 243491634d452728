/** The part of oidc-provider that the tests use: @types/oidc-provider would install 17 packages. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  export type SigningAlgorithm = 'EdDSA' | `${'RS' | 'PS' | 'ES' | 'HS'}${256 | 384 | 512}`

  export interface ClientMetadata {
    readonly client_id: string
    readonly [name: string]: unknown
  }

  export type AdapterPayload = object

  /** Stores what the server remembers of one model, such as `Client`. */
  export type AdapterFactory = (model: string) => {
    find(id: string): Promise<AdapterPayload | undefined>
    upsert(id: string, payload: AdapterPayload): Promise<void>
    destroy(id: string): Promise<void>
    consume(): Promise<void>
    findByUid(): Promise<undefined>
    findByUserCode(): Promise<undefined>
    revokeByGrantId(): Promise<void>
  }

  type AllowedPolicy = (
    context: unknown,
    client: { readonly clientId: string },
    token: { readonly clientId?: string },
  ) => boolean

  export default class Provider {
    constructor(issuer: string, configuration: Configuration)
    callback(): RequestListener
  }

  interface Configuration {
    readonly adapter: AdapterFactory
    readonly features: Readonly<Record<string, { enabled: boolean; allowedPolicy?: AllowedPolicy }>>
    readonly [name: string]: unknown
  }
}
