import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { publishedResults, renderPages } from '../src/report/publish.js'
import { workspaceRoot } from '../src/servers/servers.js'
import { renderPlot } from '../src/shards/plot.js'
import { renderReport } from '../src/shards/report.js'

const results = publishedResults()

describe('the published benchmarks', () => {
  it.each(Object.entries(renderPages(results)))('%s is what the results say', (name, content) => {
    expect(readFileSync(path.join(workspaceRoot, name), 'utf8'), 'run `pnpm bench --render`').toBe(content)
  })

  it('are of whole runs', () => {
    expect(results).not.toEqual([])
    expect(results.filter(({ quick }) => quick)).toEqual([])
  })
})

describe('the page on the capacity for events', () => {
  it.each([
    ['docs/EVENT_CAPACITY.md', renderReport],
    ['docs/benchmarks/event-capacity.svg', renderPlot],
  ] as const)('%s is what the simulation says', (name, render) => {
    expect(readFileSync(path.join(workspaceRoot, name), 'utf8'), 'run `pnpm bench:shards --publish`').toBe(render())
  })
})
