import { isSecretName } from './secret-names.js'

export const MASK = '***'

/** Web addresses may contain `:port/path@x`, database URLs do not: there it is a password that was not encoded. */
const WEB = /^(?:https?|wss?|file|webpack(?:-internal)?):$/i

/**
 * Returns a connection URL that is safe to print: `postgresql://app:***@db.example.com:5432/miyabi`. Text that is not a
 * URL is replaced completely, because a malformed URL can contain a password anywhere.
 */
export function redactUrl(url: string): string {
  const parsed = parse(url)
  if (!parsed) return '(not a URL)'
  if (parsed.password) parsed.password = MASK
  else if (parsed.username && WEB.test(parsed.protocol)) parsed.username = MASK // a token, as for git over https
  for (const name of new Set(parsed.searchParams.keys())) {
    if (isSecretName(name)) parsed.searchParams.set(name, MASK)
  }
  if (parsed.hash.includes('=')) parsed.hash = MASK // `#access_token=...`
  return parsed.toString()
}

function parse(url: string): URL | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url) || !URL.canParse(url)) return undefined // `app:password@host` parses too
  const parsed = new URL(url)
  const [firstParameter = ''] = parsed.search.split('=')
  const isCut = !WEB.test(parsed.protocol) && `${parsed.pathname}${firstParameter}${parsed.hash}`.includes('@')
  return isCut ? undefined : parsed
}

/**
 * Masks everything before the host in every URL of a text, even if the password was not encoded and the text is
 * therefore not a valid URL.
 */
export function redactUserinfo(text: string): string {
  let result = ''
  let from = 0
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', from)) {
    const start = at + 3
    const scheme = SCHEME.exec(text.slice(Math.max(from, at - 30), at))?.[0] ?? ''
    const rest = text.slice(start, urlEnd(text, start))
    const end = scheme === '' ? -1 : userinfoEnd(`${scheme}:`, rest)
    const name = /^[^\s/@:]*(?=:)/.exec(rest.slice(0, Math.max(0, end)))?.[0]
    result += text.slice(from, start)
    if (end !== -1) result += name === undefined ? MASK : `${name}:${MASK}`
    from = start + Math.max(0, end)
  }
  return result + text.slice(from)
}

const SCHEME = /[a-z][a-z0-9+.-]*$/i

/** The latest possible end of a URL: the end of its line, a quotation mark, or the start of the next URL. */
function urlEnd(text: string, start: number): number {
  const next = text.indexOf('://', start)
  const before = next === -1 ? text.slice(start) : text.slice(start, next)
  const end = before.search(/["`\n]/)
  if (end !== -1) return start + end
  return start + before.length - (next === -1 ? 0 : (SCHEME.exec(before.slice(-30))?.[0].length ?? 0))
}

/**
 * Where the `@` before the host is, or -1. The last one: a password that was not encoded may contain others, and
 * spaces.
 */
function userinfoEnd(scheme: string, rest: string): number {
  const authority = /^[^\s/?#]*/.exec(rest)?.[0] ?? ''
  const run = /^\S*/.exec(rest)?.[0] ?? ''
  if (!authority.includes('@')) {
    if (/^[^:]*(?::\d*)?[.,;:)\]']*$/.test(authority)) {
      // A host, and perhaps a port; or `app:12/3` of a password.
      const [beforeParameter = ''] = run.split('=')
      return WEB.test(scheme) || !authority.includes(':') ? -1 : beforeParameter.lastIndexOf('@')
    }
    return rest.lastIndexOf('@')
  }
  const end = WEB.test(scheme) ? authority.lastIndexOf('@') : run.lastIndexOf('@')
  const isHost = /^(?:localhost|\[|\w[\w-]*[.:/])/.test(run.slice(end + 1))
  return isHost ? end : rest.lastIndexOf('@') // `p@ss word@host`
}
