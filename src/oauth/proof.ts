import type { Send } from '../http/send.ts'

export type Parameter = readonly [name: string, value: string]

/** What the client authentication or the grant adds to one request. The request is the sum of both. */
export interface Proof {
  readonly headers?: Readonly<Record<string, string>>
  readonly parameters: readonly Parameter[]
  /** What must be redacted if the server echoes it. */
  readonly secrets: readonly string[]
  /** What to check if the server rejects it. Built only then. */
  readonly advice: () => string
}

/** What a grant adds to one request. */
export interface GrantProof extends Omit<Proof, 'advice'> {
  /** `undefined` if nothing but the client authentication can be rejected. */
  readonly advice?: () => string
  /** The error codes, besides `invalid_grant`, with which servers reject it. */
  readonly codes: readonly string[]
  /** What to check if the client may not use the grant. */
  readonly enable: string
}

/** Creates a new proof for each attempt, because servers accept an assertion only once. */
export type Prove = (send: Send) => Promise<Proof>
