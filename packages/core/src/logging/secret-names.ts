/**
 * Anywhere in a name, these make it a secret's: `PGPASSWORD`, `newPassword`, `AWS_SECRET_ACCESS_KEY`, `credentials`.
 */
const SAYS_SECRET = /passw(?:or)?d|passphrase|secret|credential/

/** What a name that says secret may end in and yet name something harmless: `passwordFile`, `secretName`. */
const BESIDE_SECRET =
  /(?:file|path|folder|length|count|name|arn|policy|version|encryption|expires|expiry|expiration|changed|(?:at|age|ms))$/

/** At the end of a name, these are a secret or the half of one: `X-Amz-Security-Token`, `accessKeyId`, `Set-Cookie`. */
const ENDS_SECRET =
  /(?:token|signature|authorization|cookie|(?:access|account|api|auth|encryption|erasure|master|private|shared|signing|ssl)key|accesskeyid)$/

/** As the last word of a name: `DB_PASS`, `dbPwd`; but not `bypass`. */
const LAST_WORD = new Set(['pass', 'pwd', 'pw', 'jwt', 'sig'])

const words = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? []

/** Whether what goes by this name (a field, a variable, a header, a query parameter, an option) must not be shown. */
export function isSecretName(name: string): boolean {
  const parts = words(name)
  const joined = parts.join('')
  if (SAYS_SECRET.test(joined)) return !BESIDE_SECRET.test(joined)
  return ENDS_SECRET.test(joined) || LAST_WORD.has(parts.at(-1) ?? '')
}

/** The headers whose whole line is the secret: `Authorization: Bearer ...`. */
export const isSecretHeader = (name: string): boolean => /(?:authorization|cookie)$/i.test(name)
