import type { Parameter } from '../oauth/proof.ts'
import { readLine, readLines, readText } from './values.ts'

/** Set by the action itself or by other inputs. `subject_token_type` is not one of them: it replaces the default. */
const RESERVED_NAMES = [
  'grant_type',
  'scope',
  'audience',
  'resource',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'subject_token',
  'assertion',
  'refresh_token',
]

/** The requested scope (RFC 6749, section 3.3), separated by single spaces; empty for the server's default. */
export function readScope(): string {
  return readText('scope')
    .split(/\s+/)
    .filter((name) => name !== '')
    .join(' ')
}

/**
 * The parameters of the token request besides grant, scope and client authentication, in the order of the inputs.
 * @throws Error if an input is invalid
 */
export function readParameters(): readonly Parameter[] {
  return [...readAudience(), ...readResources(), ...readExtraParameters()]
}

function readAudience(): Parameter[] {
  const audience = readLine('audience')
  return audience === undefined ? [] : [['audience', audience]]
}

/** One parameter per line (RFC 8707, section 2). */
function readResources(): Parameter[] {
  return readLines('resource').map((uri) => {
    if (!URL.canParse(uri) || /[#\s\\]/.test(uri)) {
      throw new Error(
        'resource must contain absolute URIs without a fragment, one per line (RFC 8707, section 2), for example https://api.example.com.',
      )
    }
    return ['resource', uri]
  })
}

function readExtraParameters(): Parameter[] {
  return readLines('extra-params').map((line) => {
    const [, name, value = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? []
    if (name === undefined) throw new Error('extra-params must contain name=value pairs, one per line.')
    if (RESERVED_NAMES.includes(name)) {
      throw new Error(`extra-params cannot set ${name}. Remove it, or use the matching input.`)
    }
    return [name, value]
  })
}
