import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { RUNBOOK, readBoard, readRules, selectorsIn } from './monitoring/expressions.js'
import { root } from './workspace.js'

const alerts = readRules().filter(({ alert }) => alert !== undefined)

describe('the alerts', () => {
  it('have one entry each in the runbook, which they name, and it has no other', () => {
    const page = readFileSync(path.join(root, RUNBOOK), 'utf8')
    const entries = [...page.matchAll(/^### (Miyabi\w+)$/gm)].map(([, name]) => name)
    expect(entries).toEqual(alerts.map(({ alert }) => alert))
    for (const { alert = '', annotations } of alerts) {
      expect(annotations?.['runbook']).toBe(`${RUNBOOK}#${alert.toLowerCase()}`)
    }
  })

  it('say what happened, and whether somebody is to be woken', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect(labels?.['severity'], alert).toMatch(/^(page|ticket)$/)
      expect(annotations?.['summary'], alert).toMatch(/\.$|\}\}\.$/)
    }
  })
})

describe('the board', () => {
  it('has panels with names and places of their own, each of which asks something', () => {
    const { panels } = readBoard()
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    const silent = panels.filter(({ type, targets = [] }) => type !== 'row' && targets.length === 0)
    expect(silent.map(({ title }) => title)).toEqual([])
  })
})

it('selectors are read out of expressions', () => {
  const expr = 'sum by (job, le) (rate(a_bucket{x="1",y=~"2|3"}[5m])) / on (job) b unless c{z!=""} > 0.5 and up'
  expect(selectorsIn(expr).map(({ name, matchers }) => [name, ...matchers.map(({ label }) => label)])).toEqual([
    ['a_bucket', 'x', 'y'],
    ['b'],
    ['c', 'z'],
    ['up'],
  ])
})
