import { redactText } from './redact.js'
import { redactFields } from './redact-value.js'

/** The facts of one event: a flat record of named JSON values. */
export type LogFields = Readonly<Record<string, unknown>>

/** The logger of the data layer. A pino logger fits without an adapter, as does any object with these four methods. */
export interface Logger {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

const ignore = (): void => {}

/** The default: logs nothing. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/**
 * Loggers that mask secrets or log nothing: a context passes its logger down to its stores, and nothing should be
 * masked twice.
 */
const safe = new WeakSet<Logger>([silentLogger])

/** Wraps a logger in a filter that masks secrets in messages and, at any depth, in fields. */
export function redactingLogger(logger: Logger): Logger {
  if (safe.has(logger)) return logger
  const through =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void =>
      logger[level](redactFields(fields), redactText(message))
  const filtered = { debug: through('debug'), info: through('info'), warn: through('warn'), error: through('error') }
  safe.add(filtered)
  return filtered
}
