import { type Environment, isProduction } from '@miyabi/core'
import type { DatabaseContext } from './context.js'

/** Through the global registry of symbols, so that a second evaluation of this very file finds the same. */
const REGISTRY = Symbol.for('@miyabi/db.shared-contexts')

type Registry = Map<string, Promise<DatabaseContext>>

/**
 * One context through every reload of the module that makes it: outside production it is kept on `globalThis` under
 * `name`, so that a development server which evaluates the module again does not leave a pool behind each time. In
 * production, and after the kept one was closed, it makes a new one.
 *
 * ```ts
 * let context: Promise<DatabaseContext> | undefined
 * export const database = () => (context ??= sharedContext(() => DatabaseContext.fromEnv({ logger })))
 * ```
 */
export async function sharedContext(
  make: () => DatabaseContext | Promise<DatabaseContext>,
  options: { readonly name?: string; readonly env?: Environment } = {},
): Promise<DatabaseContext> {
  const { name = 'main', env = process.env } = options
  if (isProduction(env)) return make()
  const holder = globalThis as { [REGISTRY]?: Registry }
  holder[REGISTRY] ??= new Map()
  const contexts = holder[REGISTRY]

  const kept = contexts.get(name)
  if (kept && !(await kept).isClosed) return kept
  // Somebody else may have put a new one there while this one waited.
  const current = contexts.get(name)
  if (current && current !== kept) return current
  const made = Promise.resolve().then(make)
  contexts.set(name, made)
  made.catch(() => contexts.delete(name)) // the next evaluation tries again
  return made
}
