import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { SuiteResult } from '../harness/result.js'
import { workspaceRoot } from '../servers/servers.js'
import { suiteNames } from '../suites/index.js'
import { renderMarkdown } from './markdown.js'
import { renderPlot } from './plot.js'

const resultFile = (suite: string): string => path.join(workspaceRoot, 'benchmarks/results', `${suite}.json`)

/** Keeps a result as the published one. */
export function publish(result: SuiteResult): void {
  const file = resultFile(result.suite)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`)
}

/** The published results, in the order of the suites. */
export function publishedResults(): SuiteResult[] {
  return suiteNames
    .map(resultFile)
    .filter(existsSync)
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as SuiteResult)
}

/** The pages made from results, by their place in the workspace. */
export function renderPages(results: readonly SuiteResult[]): Readonly<Record<string, string>> {
  return {
    'docs/BENCHMARKS.md': renderMarkdown(results),
    ...Object.fromEntries(results.map((result) => [`docs/benchmarks/${result.suite}.svg`, renderPlot(result)])),
  }
}

/** Writes the pages of the published results. */
export function writePages(): void {
  for (const [name, content] of Object.entries(renderPages(publishedResults()))) {
    const file = path.join(workspaceRoot, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}
