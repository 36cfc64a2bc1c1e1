/** Parameters of a connection URL whose values may hold a sign that means something elsewhere: paths and names. */
const FREE_TEXT = /[?&](sslrootcert|sslcert|sslkey|sslidentity|host|options|application_name|schema)=[^&#]*/gi

const ADVICE =
  'every special character in them must be percent-encoded (@ is %40, : is %3A, / is %2F, ? is %3F, # is %23, % is %25)'

/**
 * What in the text of a connection URL tells that its user or password was not percent-encoded, in words that repeat
 * none of it; undefined where nothing does.
 *
 * To be asked before the URL is read: what stands behind a `/`, `?` or `#` of a password would be taken for a host, a
 * database or a parameter, and from then on be printed as one.
 */
export function encodingProblem(text: string): string | undefined {
  const rest = /^\s*[a-z][a-z0-9+.-]*:\/\/(.*)$/is.exec(text)?.[1]?.trimEnd()
  if (rest === undefined) return undefined
  if (/[\t\n\r]/.test(rest)) return `holds a line break or a tab, which a URL drops: ${ADVICE}`
  const end = rest.search(/[/?#]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const behind = end < 0 ? '' : rest.slice(end)
  // The last @ ends user and password. One further on, or a #, which has no meaning here, is of a password that was cut
  // in two.
  if (behind.replace(FREE_TEXT, '').includes('@') || behind.includes('#')) {
    return `has a /, ? or # in its user or password that is not percent-encoded: ${ADVICE}`
  }
  const at = authority.lastIndexOf('@')
  if (/%(?![0-9a-f]{2})/i.test(authority.slice(0, Math.max(0, at)))) {
    return `has a % in its user or password that begins no percent-encoding: ${ADVICE}`
  }
  return authority.slice(at + 1).includes(',') ? 'names several servers, of which only one is understood' : undefined
}
