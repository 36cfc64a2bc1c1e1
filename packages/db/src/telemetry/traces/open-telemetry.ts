import Module from 'node:module'
import { MiyabiError } from '@miyabi/core'
import type * as OpenTelemetry from '@opentelemetry/api'

/**
 * OpenTelemetry's API, whose copies in a process all share what was registered. Loaded only for tracing: an application
 * without tracing does not need it.
 * @throws {MiyabiError} `telemetry.open_telemetry_missing`
 */
export function loadOpenTelemetry(): typeof OpenTelemetry {
  try {
    // No bundler includes it. A CommonJS bundle of esbuild has no `import.meta.url`, but `__filename`.
    return Module.createRequire(import.meta.url ?? __filename)('@opentelemetry/api') as typeof OpenTelemetry
  } catch (cause) {
    throw new MiyabiError('telemetry.open_telemetry_missing', 'Spans require the package @opentelemetry/api', {
      remedy: 'install @opentelemetry/api (1.9 or later), or leave `spans` off',
      cause,
    })
  }
}
