import { afterAll, beforeAll, expect } from 'vitest'

/** Fails the file where anything of it ends as an unhandled rejection or an uncaught exception. */
export function expectNothingEscapes(): void {
  const escaped: unknown[] = []
  const note = (error: unknown): void => {
    escaped.push(error)
  }
  beforeAll(() => {
    process.on('uncaughtException', note).on('unhandledRejection', note)
  })
  afterAll(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    process.off('uncaughtException', note).off('unhandledRejection', note)
    expect(escaped).toEqual([])
  })
}
