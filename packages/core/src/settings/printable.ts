import { redactValue } from '../logging/redact-value.js'

/** The symbol by which Node's `util.inspect`, and with it `console.log`, asks an object how it wants to be shown. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * Gives settings a printed form without secrets: for `console.log`, `util.inspect` and `JSON.stringify`, and so for a
 * log or an error that they end up in. Their values stay as they are, for whoever asks for one by its name.
 */
export function printable<T extends object>(settings: T): T {
  const shown = (): unknown => redactValue({ ...settings })
  return Object.defineProperties(settings, {
    toJSON: { value: shown },
    [INSPECT]: {
      value: (_depth: number, options: object, inspect: (value: unknown, options: object) => string) =>
        inspect(shown(), options),
    },
  })
}
