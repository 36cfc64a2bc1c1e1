import pg from 'pg'
import { toPostgresError } from '../../src/errors/map-error.js'

/** What a call came to: its value, or the code of its error. */
export async function answerOf<T>(call: Promise<T>): Promise<{ readonly value?: T; readonly code?: string }> {
  try {
    return { value: await call }
  } catch (error) {
    return { code: toPostgresError(error).code }
  }
}

/** The texts that connections of this process are given while `work` runs. */
export async function statementsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const texts: string[] = []
  const query = pg.Client.prototype.query as (...args: unknown[]) => unknown
  const noting = function (this: pg.Client, ...args: [string | { readonly text: string }, ...unknown[]]): unknown {
    texts.push(typeof args[0] === 'string' ? args[0] : args[0].text)
    return query.apply(this, args)
  }
  Object.assign(pg.Client.prototype, { query: noting })
  try {
    await work()
  } finally {
    Object.assign(pg.Client.prototype, { query })
  }
  return texts
}
