import { type Environment, isSet } from '@miyabi/core'

/**
 * Whether a URL can only be a developer's own server: a loopback address, `host.docker.internal`, or a name without a
 * dot (a container's). AWS is never any of these, so invented credentials can never reach AWS.
 */
export function isLocalEndpoint(endpoint: string): boolean {
  const host = new URL(endpoint).hostname.toLowerCase()
  if (host.startsWith('[')) return host === '[::1]' // IPv6
  if (/^[\d.]+$/.test(host)) return host.startsWith('127.') || host === '0.0.0.0' // IPv4
  return !host.includes('.') || host.endsWith('.localhost') || host === 'host.docker.internal'
}

/** Whether a URL is AWS's: a region's, a FIPS or dual-stack one, an interface endpoint. No URL also means AWS. */
export function isAwsEndpoint(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return true
  return /\.(amazonaws\.com(\.cn)?|api\.aws)$/.test(new URL(endpoint).hostname.toLowerCase())
}

/** The variables that tell AWS's credential chain where to search. */
const CREDENTIAL_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
]

/**
 * Whether an environment names the source of AWS credentials. A default profile in a file does not count: nothing named
 * it.
 */
export function namesAwsCredentials(env: Environment): boolean {
  return CREDENTIAL_VARIABLES.some((name) => isSet(env, name))
}
