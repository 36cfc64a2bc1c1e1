const MASK = '***'

/** Query parameters that carry a secret in a connection URL. */
const SECRET_PARAMETERS =
  /^(password|sslpassword|sslkey|token|secret|x-amz-security-token|x-amz-credential|x-amz-signature)$/i

/**
 * A connection URL that is safe to print: `postgresql://app:***@db.example.com:5432/miyabi`.
 * Text that is not a URL is not repeated at all, because a malformed URL can hold a password in any place.
 */
export function redactUrl(url: string): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    return '(not a URL)'
  }
  if (parsed.password) parsed.password = MASK
  for (const name of [...parsed.searchParams.keys()]) {
    if (SECRET_PARAMETERS.test(name)) parsed.searchParams.set(name, MASK)
  }
  return parsed.toString()
}

/** Masks the credentials of every URL and every `password=...` pair inside a text, for messages that come from elsewhere. */
export function redactText(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s]*@/gi, `$1${MASK}@`)
    .replace(
      /\b(password|sslpassword|secret_?access_?key|session_?token)(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi,
      `$1$2${MASK}`,
    )
}

/**
 * A copy of an error that may be attached as `cause` or logged: name, code and redacted message, without the driver's own
 * fields (PostgreSQL's `detail` holds row values, the AWS SDK's `$response` whole requests).
 */
export function safeCause(error: unknown): Error {
  const source = error instanceof Error ? error : new Error(String(error))
  const copy = new Error(redactText(source.message)) as Error & { code?: string }
  copy.name = source.name
  const { code } = source as { code?: unknown }
  if (typeof code === 'string') copy.code = code
  if (source.stack) copy.stack = redactText(source.stack)
  return copy
}
