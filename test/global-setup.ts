import type { TestRun } from '@miyabi/testing'

interface SharedRun {
  users: number
  readonly started: Promise<TestRun>
}

declare global {
  /** Each project evaluates this file anew, so what they share is kept here. */
  var miyabiTestRun: SharedRun | undefined
}

/**
 * For the projects whose tests need servers. One set of servers is enough for all of them: the first project starts it,
 * the last one to end ends it. A run without such a project starts none.
 */
export default async function setup(): Promise<() => Promise<void>> {
  globalThis.miyabiTestRun ??= { users: 0, started: start() }
  const run = globalThis.miyabiTestRun
  run.users += 1
  await run.started
  return async () => {
    run.users -= 1
    if (run.users > 0) return
    globalThis.miyabiTestRun = undefined
    const { close } = await run.started
    await close()
  }
}

/** Imported by one project only, for it brings along most packages. */
async function start(): Promise<TestRun> {
  const { startMigratedRun } = await import('./suite/start-run.js')
  return await startMigratedRun()
}
