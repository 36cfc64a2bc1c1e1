import { redactValue } from '../logging/redact-value.js'

/** The symbol with which objects define how Node's `util.inspect`, and thus `console.log`, prints them. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * Gives settings a printed form without secrets, for `console.log`, `util.inspect` and `JSON.stringify`, and so for any
 * log or error that contains them. Reading a property by name still returns its value.
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
