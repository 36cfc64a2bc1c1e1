import { MiyabiError } from '@miyabi/core'
import { say, sayNoMore, warn } from './harness/progress.js'
import type { SuiteResult } from './harness/result.js'
import { runSuite } from './harness/run-suite.js'
import { packageVersions } from './harness/versions.js'
import { help, type Options, parseOptions, planOf } from './options.js'
import { publish, writePages } from './report/publish.js'
import { renderTerminal } from './report/terminal.js'
import { startServers } from './servers/servers.js'
import { type SuiteName, suites } from './suites/index.js'

async function measure(name: SuiteName, options: Options): Promise<SuiteResult> {
  say(`${name}: starting servers`)
  await using servers = await startServers()
  const { quick, concurrency, workloads } = options
  await using suite = await suites[name].open(servers, { quick, onProgress: say, onLeftOut: warn })
  const versions = { ...packageVersions(suites[name].packages), ...servers.versions }
  return await runSuite(suite, {
    suite: name,
    quick,
    plan: planOf(options),
    concurrency,
    workloads,
    versions,
    onProgress: say,
  })
}

async function run(options: Options): Promise<void> {
  if (options.help) {
    process.stdout.write(help)
    return
  }
  if (!options.render) {
    const results: SuiteResult[] = []
    for (const name of options.suites) {
      const result = await measure(name, options)
      sayNoMore()
      if (options.publish) publish(result)
      if (!options.json && result.tables.length > 0) process.stdout.write(`${renderTerminal(result)}\n\n`)
      results.push(result)
    }
    if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
  }
  if (options.render || options.publish) writePages()
}

try {
  await run(parseOptions(process.argv.slice(2)))
} catch (error) {
  sayNoMore()
  process.exitCode = 1
  process.stderr.write(`${error instanceof MiyabiError ? error.message : (error as Error).stack}\n`)
}
