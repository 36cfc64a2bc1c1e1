import { createRequire } from 'node:module'
import { MiyabiError } from '@miyabi/core'
import type * as OpenTelemetry from '@opentelemetry/api'

/**
 * OpenTelemetry's API, of which all copies in a process share what was registered. Loaded by whoever traces, and by
 * nobody else: the application has it, or need not have it.
 * @throws {MiyabiError} `telemetry.open_telemetry_missing`
 */
export function loadOpenTelemetry(): typeof OpenTelemetry {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as typeof OpenTelemetry
  } catch (cause) {
    throw new MiyabiError('telemetry.open_telemetry_missing', 'Spans need the package @opentelemetry/api', {
      remedy: 'install @opentelemetry/api (1.9 or later), or leave `spans` off',
      cause,
    })
  }
}
