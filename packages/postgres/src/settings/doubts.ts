import type { LogFields, Logger } from '@miyabi/core'
import type { ResolvedSettings } from './resolve.js'

/** A warning about settings that can be right but usually are not. */
export interface Doubt {
  readonly fields: LogFields & { readonly event: string }
  readonly message: string
}

const PROTECTS = {
  disable: 'is sent over the network in plain text, including the password and rows',
  require: "is encrypted, but the server's identity is not verified",
  'verify-ca': 'is encrypted, but with any server that the authority certified, whatever its name',
} as const

/** Returns the warnings about settings that need no server to determine. */
export function doubtsOf({ target: { isLocal, server, tlsMode: sslmode, variable } }: ResolvedSettings): Doubt[] {
  if (sslmode === 'verify-full' || isLocal) return []
  const message = `Traffic to ${server} ${PROTECTS[sslmode]}: set sslmode=verify-full in ${variable}, with sslrootcert if the authority is not public`
  return [{ fields: { event: 'postgres.tls_unverified', sslmode }, message }]
}

/** Logs them once, when a pool is created. */
export function sayDoubts(settings: ResolvedSettings, logger: Logger): void {
  for (const { fields, message } of doubtsOf(settings)) logger.warn(fields, message)
}
