import { createHmac } from 'node:crypto'
import { ConfigError } from '@miyabi/core'
import type { Identity } from '@miyabi/postgres'

/** A role of users, as the database writes it. */
export type PersonKind = 'user' | 'web_user'

/** The person whose data is meant, as the database identifies users. */
export interface Subject {
  readonly kind: PersonKind
  readonly id: string
}

export const subjectOf = ({ userId, webUserId }: Identity): Subject =>
  userId === undefined ? { kind: 'web_user', id: webUserId.toLowerCase() } : { kind: 'user', id: userId.toLowerCase() }

/** The record of an erased person: without the key it does not identify them. */
export const markOf = ({ kind, id }: Subject, key: string): string =>
  createHmac('sha256', key).update(`${kind}:${id}`).digest('hex')

/** @throws {ConfigError} `config.invalid` without ERASURE_KEY. */
export function assertErasureKey(key: string | undefined): asserts key is string {
  if (key !== undefined) return
  throw new ConfigError([
    {
      name: 'ERASURE_KEY',
      problem: 'is not set',
      expected:
        'a secret of 32 bytes or more, as printed by `openssl rand -base64 32`, that stays the same for as long as any backup is kept',
    },
  ])
}
