import type { Reporter, TestModule } from 'vitest/node'

/** Ends the run with one line that any reader can parse: `N passed, N failed`. A file that could not be loaded counts as failed. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0
    let failed = unhandledErrors.length
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) failed += 1
      for (const test of module.children.allTests()) {
        if (test.result().state === 'passed') passed += 1
        else failed += 1
      }
    }
    // After the default reporter's own summary and the teardown. A run that fails before any test (a broken setup) has failed, too.
    process.once('exit', (code) => {
      const counted = code !== 0 && failed === 0 ? 1 : failed
      process.stdout.write(`\n${passed} passed, ${counted} failed\n`)
    })
  }
}
