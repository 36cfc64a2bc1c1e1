import { createTestDatabase, dynamodbEndpoint } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { runSuite } from '../src/harness/run-suite.js'
import { renderPages } from '../src/report/publish.js'
import { renderTerminal } from '../src/report/terminal.js'
import { type SuiteName, suites } from '../src/suites/index.js'

/** Next to nothing: whether everything runs, never how fast. */
const plan = { rounds: 1, sliceMs: 1, warmUpMs: 0, singleRounds: 1 }

/**
 * Whole stacks are started by the tests of @miyabi/local. A long run includes what waits for distance or for polls,
 * writes tens of thousands of rows, or starts more programs.
 */
const workloads: Readonly<Partial<Record<SuiteName, string[]>>> = process.env['MIYABI_TEST_LONG']
  ? { start: ['test database', 'import', 'first query', 'whole process'] }
  : {
      postgres: ['acquire', 'validation', 'select', 'relations', 'insert', 'page', 'transaction', 'bulk'],
      start: ['test database', 'first query'],
      rls: ['own row', 'own page', 'own insert', 'own transaction', 'own row, far'],
      cache: ['memory: a row', 'memory: a page', 'miss', 'hot keys'],
    }

describe.each(Object.keys(suites) as SuiteName[])('the %s suite', (name) => {
  it('finds equal results, measures everybody without an error, and renders', async () => {
    await using database = await createTestDatabase()
    const servers = { ...database, dynamodbEndpoint: dynamodbEndpoint(), versions: { server: '1' } }
    await using suite = await suites[name].open(servers, { quick: true, onProgress: () => {}, onLeftOut: () => {} })
    const result = await runSuite(suite, {
      suite: name,
      quick: true,
      plan,
      workloads: workloads[name],
      concurrency: [1],
      versions: servers.versions,
      onProgress: () => {},
    })
    const rows = result.tables.flatMap(({ workload, contenders }) =>
      contenders.map(({ contender, errors, firstError, roundsMs }) => ({
        row: `${workload}: ${contender}`,
        errors,
        firstError,
        rounds: roundsMs.length,
      })),
    )
    expect(rows.length).toBeGreaterThan(5)
    expect(rows).toEqual(rows.map(({ row }) => ({ row, errors: 0, firstError: undefined, rounds: 1 })))

    const pages = renderPages([result])
    for (const { contender } of result.tables.flatMap(({ contenders }) => contenders)) {
      expect(renderTerminal(result)).toContain(contender)
      expect(pages['docs/BENCHMARKS.md']).toContain(`| ${contender} |`)
    }
    expect(pages[`docs/benchmarks/${name}.svg`]).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
    expect(pages[`docs/benchmarks/${name}.svg`]).not.toMatch(/NaN|Infinity|undefined/)
  })
})
