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

/** The same logger behind a filter that masks secrets in messages and, at any depth, in fields. */
export function redactingLogger(logger: Logger): Logger {
  const through =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void =>
      logger[level](redactFields(fields), redactText(message))
  return { debug: through('debug'), info: through('info'), warn: through('warn'), error: through('error') }
}
