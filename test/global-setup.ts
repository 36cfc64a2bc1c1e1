import { startMigratedRun } from './suite/start-run.js'

/** For the tests that need servers: starts them before the first, and ends them after the last. */
export default async function setup(): Promise<() => Promise<void>> {
  const { close } = await startMigratedRun()
  return close
}
