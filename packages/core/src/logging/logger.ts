import { redactText } from './redact.js'
import { redactFields } from './redact-value.js'

/** Facts of one event: flat, named, of values JSON can carry. */
export type LogFields = Readonly<Record<string, unknown>>

/** What the data layer logs through. A pino logger fits as it is; so does any object with these four methods. */
export interface Logger {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

const ignore = (): void => {}

/** The default: says nothing. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/**
 * Those that mask secrets, or say nothing: a context hands its logger down to its stores, and nothing is to be masked
 * twice.
 */
const safe = new WeakSet<Logger>([silentLogger])

/** The same logger behind a filter that masks secrets in messages and, at any depth, in fields. */
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
