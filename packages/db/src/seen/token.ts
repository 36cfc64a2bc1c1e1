import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { ConfigError, type Logger } from '@miyabi/core'
import type { Identity } from '@miyabi/postgres'
import type { Position } from './position.js'

const PREFIX = 'v1.'
/** System identifier and timeline, position, moment. */
const BODY_BYTES = 8 + 4 + 8 + 6
/** Bytes of the 32 of HMAC-SHA256: an attacker has only the minute that a token lasts to guess them. */
const SIGNATURE_BYTES = 16
/** The maximum age of a token. In milliseconds. */
export const DEFAULT_MAX_AGE_MS = 60_000

/** @throws {ConfigError} `config.invalid` for a value that is not a duration. */
export function checkedMaxAge(ms: number): number {
  if (Number.isFinite(ms) && ms > 0) return ms
  throw new ConfigError([
    {
      name: 'tokenMaxAgeMs',
      problem: `${String(ms)} is not a duration`,
      expected: 'milliseconds above 0, such as 60000',
    },
  ])
}

/** What tokens are created and verified with. */
export interface TokenOptions {
  /** DB_TOKEN_SECRET: the first one signs, each is accepted. */
  readonly secrets: readonly string[] | undefined
  readonly maxAgeMs: number
  readonly logger: Logger
}

/**
 * Tokens that state what a scope has read and written: signed against forgery, bound to the identity they were issued
 * to, to a history of the database and to a time. An unreadable token is ignored rather than an error: it is what
 * strangers send.
 */
export class Tokens {
  readonly #options: TokenOptions
  #own: string | undefined

  constructor(options: TokenOptions) {
    this.#options = options
  }

  make(identity: Identity | 'service', { history, lsn }: Position): string {
    const body = Buffer.alloc(BODY_BYTES)
    const [cluster = '', timeline = ''] = history.split('/')
    body.writeBigUInt64BE(BigInt(cluster), 0)
    body.writeUInt32BE(Number.parseInt(timeline, 16), 8)
    body.writeBigUInt64BE(lsn, 12)
    body.writeUIntBE(Date.now(), 20, 6)
    this.#own ??= this.#secretsSoFar.length === 0 ? this.#makeOwn() : undefined
    const [secret = ''] = this.#secretsSoFar
    return PREFIX + Buffer.concat([body, signature(secret, identity, body)]).toString('base64url')
  }

  /** What a token states for this identity: nothing, if it belongs to another identity or is too old. */
  read(identity: Identity | 'service', token: unknown): Position | undefined {
    if (typeof token !== 'string' || !token.startsWith(PREFIX)) return undefined
    const text = token.slice(PREFIX.length)
    const bytes = Buffer.from(text, 'base64url')
    // Encoded again, because a decoder skips unknown characters: one token has one text.
    if (bytes.length !== BODY_BYTES + SIGNATURE_BYTES || bytes.toString('base64url') !== text) return undefined
    const body = bytes.subarray(0, BODY_BYTES)
    const signed = bytes.subarray(BODY_BYTES)
    const secrets = this.#secretsSoFar
    if (!secrets.some((secret) => timingSafeEqual(signature(secret, identity, body), signed))) return undefined
    // Clocks of two processes differ: a token from the future is accepted, for as long as an old one is.
    if (Math.abs(Date.now() - body.readUIntBE(20, 6)) > this.#options.maxAgeMs) return undefined
    const timeline = body.readUInt32BE(8).toString(16).toUpperCase().padStart(8, '0')
    return { history: `${body.readBigUInt64BE(0)}/${timeline}`, lsn: body.readBigUInt64BE(12) }
  }

  get #secretsSoFar(): readonly string[] {
    const { secrets = [] } = this.#options
    return secrets.length > 0 || this.#own === undefined ? secrets : [this.#own]
  }

  #makeOwn(): string {
    this.#options.logger.warn(
      { event: 'db.token_secret_missing' },
      'DB_TOKEN_SECRET is not set: tokens of this process are meaningless to other processes, and to itself after a restart',
    )
    return randomBytes(32).toString('base64url')
  }
}

/** The identity is not part of the token, but of what is signed. */
function signature(secret: string, identity: Identity | 'service', body: Buffer): Buffer {
  const hmac = createHmac('sha256', secret).update('miyabi token v1\n').update(nameOf(identity)).update('\n')
  return hmac.update(body).digest().subarray(0, SIGNATURE_BYTES)
}

function nameOf(identity: Identity | 'service'): string {
  if (identity === 'service') return 'service'
  return identity.userId === undefined
    ? `web_user:${identity.webUserId.toLowerCase()}`
    : `user:${identity.userId.toLowerCase()}`
}
