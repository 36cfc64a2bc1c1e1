/** Parameters of a connection URL whose values may contain reserved characters: paths and names. */
const FREE_TEXT = /[?&](sslrootcert|sslcert|sslkey|sslidentity|host|options|application_name|schema)=[^&#]*/gi

const ADVICE =
  'every special character must be percent-encoded (@ is %40, : is %3A, / is %2F, ? is %3F, # is %23, % is %25)'

/**
 * Returns the signs in a connection URL that its user or password was not percent-encoded, in words that repeat none of
 * it; undefined if there are none.
 *
 * Call it before parsing the URL: the text after a `/`, `?` or `#` in a password would be parsed as a host, a database
 * or a parameter, and then be printed as one.
 */
export function encodingProblem(text: string): string | undefined {
  const rest = /^\s*[a-z][a-z0-9+.-]*:\/\/(.*)$/is.exec(text)?.[1]?.trimEnd()
  if (rest === undefined) return undefined
  if (/[\t\n\r]/.test(rest)) return `contains a line break or a tab, which URL parsers drop: ${ADVICE}`
  const end = rest.search(/[/?#]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const behind = end < 0 ? '' : rest.slice(end)
  // The last @ ends user and password. Another @ further on, or a #, which has no meaning here, belongs to a password
  // that was split.
  if (behind.replace(FREE_TEXT, '').includes('@') || behind.includes('#')) {
    return `has a /, ? or # in its user or password that is not percent-encoded: ${ADVICE}`
  }
  const at = authority.lastIndexOf('@')
  if (/%(?![0-9a-f]{2})/i.test(authority.slice(0, Math.max(0, at)))) {
    return `has a % in its user or password that does not start a percent-encoding: ${ADVICE}`
  }
  return authority.slice(at + 1).includes(',') ? 'names several servers; only one is supported' : undefined
}
