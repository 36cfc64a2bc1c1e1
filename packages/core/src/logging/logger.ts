import { redactText } from './redact.js'

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

function redactField(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value)
  if (value instanceof Error)
    return { name: value.name, code: (value as { code?: unknown }).code, message: redactText(value.message) }
  return value
}

/** The same logger behind a filter that masks credentials in messages, fields and errors. */
export function redactingLogger(logger: Logger): Logger {
  const through =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void => {
      const safe = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, redactField(value)]))
      logger[level](safe, redactText(message))
    }
  return { debug: through('debug'), info: through('info'), warn: through('warn'), error: through('error') }
}
