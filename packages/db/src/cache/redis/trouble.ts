import { safeCause } from '@miyabi/core'

const NOT_TRUSTED =
  'the authority of its certificate is not trusted; add it to NODE_EXTRA_CA_CERTS before the process starts'
const NO_TLS = 'it does not use TLS; use redis:// in REDIS_URL, or its TLS port'

/** Remedies by error code. */
const BY_CODE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_TRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
  CERT_HAS_EXPIRED: 'its certificate has expired; renew it',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host; use a host of the certificate in REDIS_URL',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
}

/** Describes why Redis cannot be used, with the remedy if it is known. */
export function troubleOf(error: unknown): string {
  const { message, code = '' } = safeCause(error) as Error & { readonly code?: string }
  const known = BY_CODE[code]
  if (known !== undefined) return `${known} (${code})`
  const [refusal] = /^(NOAUTH|WRONGPASS|NOPERM)\b/.exec(message) ?? []
  return refusal === undefined ? message : `the login in REDIS_URL is refused (${refusal}); check its user and password`
}
