import { ConfigError, encodingProblem } from '@miyabi/core'
import type { PostgresSettings } from './config.js'
import { type ConnectionTarget, connectionUrlProblem, parseConnectionUrl } from './connection-url.js'
import { listenerSettings, serviceSettings } from './service-settings.js'
import { CertificateFault } from './tls.js'

/** Settings whose URL was parsed and whose certificate files were read: later code does neither. */
export interface ResolvedSettings extends PostgresSettings {
  readonly target: ConnectionTarget
}

type Role = 'application' | 'service' | 'listener'

/** Settings resolved here, and their login; a changed copy is not among them, so its URL is parsed again. */
const resolved = new WeakMap<PostgresSettings, Role>()

/**
 * Resolves the settings once: connections, messages and checks use the result. Settings already resolved are returned
 * unchanged.
 * @param role determines the login: `service` is that of SERVICE_DATABASE_URL, with the size of its pool; `listener`
 *   that of SERVICE_DIRECT_DATABASE_URL.
 * @throws {ConfigError} if the URL cannot be used, or a certificate file that it names cannot be read or is invalid.
 */
export function resolvePostgresSettings(given: PostgresSettings, role: Role = 'application'): ResolvedSettings {
  if (isResolved(given, role)) return given
  const { settings, variable } = ofRole(given, role)
  return resolveUrl(settings, variable, role)
}

/** Does the same for settings whose `databaseUrl` comes from another variable. */
export function resolveUrl(settings: PostgresSettings, variable: string, role: Role = 'application'): ResolvedSettings {
  const result = Object.freeze({ ...settings, target: readTarget(settings.databaseUrl, variable) })
  resolved.set(result, role)
  return result
}

function ofRole(
  given: PostgresSettings,
  role: Role,
): { readonly settings: PostgresSettings; readonly variable: string } {
  if (role === 'service') return { settings: serviceSettings(given), variable: 'SERVICE_DATABASE_URL' }
  if (role === 'listener') return { settings: listenerSettings(given), variable: 'SERVICE_DIRECT_DATABASE_URL' }
  return { settings: given, variable: 'DATABASE_URL' }
}

/**
 * Settings resolved for the service can serve any pool; settings resolved for the application are not the service's.
 */
function isResolved(settings: PostgresSettings, role: Role): settings is ResolvedSettings {
  const of = resolved.get(settings)
  return of === role || (of === 'service' && role === 'application')
}

function readTarget(text: string, name: string): ConnectionTarget {
  const fault = (problem: string, expected: string): ConfigError => new ConfigError([{ name, problem, expected }])
  const unencoded = encodingProblem(text)
  if (unencoded !== undefined)
    throw fault(`the value ${unencoded}`, 'a URL such as postgresql://USER:PASSWORD@HOST:5432/DATABASE')
  // Not by catching the URL parser's error: that contains the text, including the password.
  if (!URL.canParse(text)) throw fault('is not a URL', 'a URL such as postgresql://USER:PASSWORD@HOST:5432/DATABASE')
  const problem = connectionUrlProblem(new URL(text))
  if (problem !== undefined)
    throw fault(`the value ${problem}`, 'a URL such as postgresql://USER:PASSWORD@HOST/DATABASE')
  try {
    return parseConnectionUrl(text, name)
  } catch (error) {
    if (!(error instanceof CertificateFault)) throw error
    throw fault(error.message, 'sslrootcert, sslcert and sslkey to be readable PEM files')
  }
}
