import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends the run with one line that any reader can parse: `N passed, N failed`, and `, N skipped` where some were left
 * out by a filter. A file that could not be loaded counts as failed, and so does a run that failed before any test.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) counts.failed += 1
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'pending' ? 'failed' : state] += 1
      }
    }
    // After the default reporter's own summary and the end of the servers.
    process.once('exit', (code) => {
      const failed = code !== 0 && counts.failed === 0 ? 1 : counts.failed
      const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
      process.stdout.write(`\n${counts.passed} passed, ${failed} failed${skipped}\n`)
    })
  }
}
