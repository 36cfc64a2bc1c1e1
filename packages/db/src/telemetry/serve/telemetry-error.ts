import { MiyabiError } from '@miyabi/core'

export interface TelemetryErrorDetails {
  readonly host: string
  readonly port: number
  /** Node's own code, such as `EADDRINUSE`, if the system refused. */
  readonly system?: string | undefined
}

export type TelemetryErrorCode = 'telemetry.invalid_options' | 'telemetry.address_in_use' | 'telemetry.cannot_listen'

/** Metrics cannot be served at the requested address. */
export class TelemetryError extends MiyabiError<TelemetryErrorCode, TelemetryErrorDetails> {
  override readonly name = 'TelemetryError'
}
