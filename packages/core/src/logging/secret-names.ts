/**
 * A name that contains one of these anywhere names a secret: `PGPASSWORD`, `newPassword`, `AWS_SECRET_ACCESS_KEY`,
 * `credentials`.
 */
const SAYS_SECRET = /passw(?:or)?d|passphrase|secret|credential/

/** Endings with which a name that suggests a secret names something harmless: `passwordFile`, `secretName`. */
const BESIDE_SECRET =
  /(?:file|path|folder|length|count|name|arn|policy|version|encryption|expires|expiry|expiration|changed|(?:at|age|ms))$/

/**
 * A name that ends with one of these names a secret or half of one: `X-Amz-Security-Token`, `accessKeyId`,
 * `Set-Cookie`.
 */
const ENDS_SECRET =
  /(?:token|signature|authorization|cookie|(?:access|account|api|auth|encryption|erasure|master|private|shared|signing|ssl)key|accesskeyid)$/

/** As the last word of a name: `DB_PASS`, `dbPwd`; but not `bypass`. */
const LAST_WORD = new Set(['pass', 'pwd', 'pw', 'jwt', 'sig'])

const words = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? []

/**
 * Returns whether the value with this name (a field, a variable, a header, a query parameter, an option) must not be
 * shown.
 */
export function isSecretName(name: string): boolean {
  const parts = words(name)
  const joined = parts.join('')
  if (SAYS_SECRET.test(joined)) return !BESIDE_SECRET.test(joined)
  return ENDS_SECRET.test(joined) || LAST_WORD.has(parts.at(-1) ?? '')
}

/** The headers whose whole line is the secret: `Authorization: Bearer ...`. */
export const isSecretHeader = (name: string): boolean => /(?:authorization|cookie)$/i.test(name)
