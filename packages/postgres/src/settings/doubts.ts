import type { LogFields, Logger } from '@miyabi/core'
import type { ResolvedSettings } from './resolve.js'

/** Something about settings that can be right and mostly is not. */
export interface Doubt {
  readonly fields: LogFields & { readonly event: string }
  readonly message: string
}

const PROTECTS = {
  disable: 'goes over the network in plain text, password and rows included',
  require: 'is encrypted, but nobody verifies with whom',
  'verify-ca': 'is encrypted with any server that the authority certified, whatever its name',
} as const

/** What is doubtful about settings, known without asking a server. */
export function doubtsOf({ target: { isLocal, server, tlsMode: sslmode, variable } }: ResolvedSettings): Doubt[] {
  if (sslmode === 'verify-full' || isLocal) return []
  const message = `What goes to ${server} ${PROTECTS[sslmode]}: say sslmode=verify-full in ${variable}, with sslrootcert where the authority is not a public one`
  return [{ fields: { event: 'postgres.tls_unverified', sslmode }, message }]
}

/** Says them once, when a pool is made. */
export function sayDoubts(settings: ResolvedSettings, logger: Logger): void {
  for (const { fields, message } of doubtsOf(settings)) logger.warn(fields, message)
}
