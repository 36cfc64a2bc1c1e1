import { inspect } from 'node:util'

/** What a call came to, as text: values with their prototypes, errors by name, code, message and meta. */
export async function observed(call: () => unknown): Promise<string> {
  try {
    return shown({ value: await call() })
  } catch (error) {
    return shown({ error: facts(error) })
  }
}

function facts(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error) || depth > 4) return error
  const { stack: _stack, ...own } = error
  const { name, message, cause } = error
  return Object.fromEntries(
    Object.entries({ class: error.constructor.name, ...own, name, message, cause }).map(([key, value]) => [
      key,
      key === 'meta' ? metaOf(value, depth) : facts(value, depth + 1),
    ]),
  )
}

const metaOf = (meta: unknown, depth: number): unknown =>
  typeof meta !== 'object' || meta === null
    ? meta
    : Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, facts(value, depth + 1)]))

const shown = (value: unknown): string =>
  inspect(value, { depth: 14, maxArrayLength: null, maxStringLength: null, breakLength: 160 })
    // In the report of a panic stands what the process has logged.
    .replace(/issues\/new\?body=[^'\n]*/g, 'issues/new')
