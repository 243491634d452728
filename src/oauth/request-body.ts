import type { JsonObject } from '../http/json-object.ts'
import type { Parameter } from './proof.ts'

export type RequestFormat = 'form' | 'json'

/** Encodes request parameters as a form (RFC 6749, appendix B), or as JSON with an array for a repeated name. */
export function encodeParameters(
  parameters: readonly Parameter[],
  format: RequestFormat,
): URLSearchParams | JsonObject {
  if (format === 'form') return new URLSearchParams(parameters.map(([name, value]) => [name, value]))
  const values = Map.groupBy(parameters, ([name]) => name)
  return Object.fromEntries(
    [...values].map(([name, pairs]) => {
      const [first, ...others] = pairs.map(([, value]) => value)
      return [name, others.length === 0 ? first : [first, ...others]]
    }),
  )
}
