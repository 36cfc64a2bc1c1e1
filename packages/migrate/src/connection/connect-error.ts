import { redactText } from '@miyabi/core'
import { PrismaError } from '../errors/prisma-error.js'
import type { Target } from './target.js'

/** The fields of a socket's or node-postgres' error that describe what happened. */
interface DriverError {
  readonly code?: string
  readonly message: string
  /** Every address that was tried, if a host name has several. */
  readonly errors?: readonly DriverError[]
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
  '57P01',
  '57P02',
  '57P03',
])

/** A failure to connect, with the code and the wording of the native engine. */
export function toConnectError(
  error: unknown,
  target: Pick<Target, 'host' | 'port' | 'database' | 'user'>,
): PrismaError {
  if (error instanceof PrismaError) return error
  const { code = '', message, errors } = error as DriverError
  const { database, user } = target
  const at = `\`${target.host}:${target.port}\``
  if (errors?.[0] !== undefined) return toConnectError(errors[0], target)
  if (UNREACHABLE.has(code) || message === 'Connection terminated unexpectedly') {
    return new PrismaError(
      'P1001',
      `Can't reach database server at ${at}\n\nPlease make sure your database server is running at ${at}.`,
    )
  }
  switch (code) {
    case '28P01':
      return new PrismaError(
        'P1000',
        `Authentication failed against database server, the provided database credentials for \`${user}\` are not valid.\n\nPlease make sure to provide valid database credentials for the database server at ${at}.`,
      )
    case '3D000':
      return new PrismaError('P1003', `Database \`${database}\` does not exist on the database server at ${at}.`)
    case '42P04':
      return new PrismaError('P1009', `Database \`${database}\` already exists on the database server at ${at}`)
    case '28000': // pg_hba.conf does not admit it, or the role does not exist: only the server's own message tells
    // which
    case '42501':
      return new PrismaError(
        'P1010',
        `User \`${user}\` was denied access on the database \`${database}\`\n\n${message}`,
      )
  }
  if (code === 'ETIMEDOUT' || /timeout/i.test(message)) {
    return new PrismaError('P1002', `The database server at ${at} was reached but timed out.\n\nPlease try again.`)
  }
  if (/SSL|TLS|certificate/i.test(message) || /CERT|TLS/.test(code)) {
    return new PrismaError('P1011', `Error opening a TLS connection: ${message}`)
  }
  return new PrismaError(undefined, redactText(message))
}
