import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import * as published from '@opentelemetry/semantic-conventions/incubating'
import { describe, expect, it } from 'vitest'
import { conventions } from './conventions.js'
import { metricDefinitions } from './definitions.js'
import { DURATION_BUCKETS, ROW_BUCKETS } from './histogram.js'
import { ownMetrics } from './own-metrics.js'

const require = createRequire(import.meta.url)
const folder = path.dirname(require.resolve('@opentelemetry/semantic-conventions'))
const declarations = ['stable', 'experimental']
  .map((kind) => readFileSync(path.join(folder, `${kind}_metrics.d.mts`), 'utf8'))
  .join('\n')

/** What the published package says in front of a constant. */
function commentOf(constant: string): string {
  const [, comment = ''] =
    new RegExp(`/\\*\\*((?:(?!/\\*\\*)[\\s\\S])*?)\\*/\\s*declare const ${constant}:`).exec(declarations) ?? []
  return comment.replaceAll(/\s*\n\s*\* ?/g, '\n').trim()
}

const named = Object.entries(published).filter(([name]) => /^(METRIC|ATTR)_/.test(name))
const names = new Map(named.map(([constant, name]) => [name as string, constant]))

describe('the metrics of the conventions', () => {
  it('are all client metrics of the published package that are in force, with their descriptions', () => {
    const current = [...names]
      .filter(([name, constant]) => /^db\.client\.(?!cosmosdb)/.test(name) && constant.startsWith('METRIC_'))
      .filter(([, constant]) => !commentOf(constant).includes('@deprecated'))
    const ours = Object.values(conventions)
    expect(ours.map(({ name }) => name).sort()).toEqual(current.map(([name]) => name).sort())
    expect(ours).toHaveLength(11)
    for (const { name, description } of ours) {
      expect(commentOf(names.get(name) ?? '').split('\n')[0], name).toBe(description)
    }
  })

  // The package has no units and no buckets. Those are of the page that the conventions are published on:
  // https://opentelemetry.io/docs/specs/semconv/db/database-metrics/
  it('have the units and the buckets of the published page', () => {
    expect(
      Object.fromEntries(Object.values(conventions).map(({ name, kind, unit }) => [name, `${kind} ${unit}`])),
    ).toEqual({
      'db.client.operation.duration': 'histogram s',
      'db.client.response.returned_rows': 'histogram {row}',
      'db.client.connection.count': 'upDownCounter {connection}',
      'db.client.connection.idle.max': 'upDownCounter {connection}',
      'db.client.connection.idle.min': 'upDownCounter {connection}',
      'db.client.connection.limit': 'upDownCounter {connection}',
      'db.client.connection.pending_requests': 'upDownCounter {request}',
      'db.client.connection.timeouts': 'counter {timeout}',
      'db.client.connection.create_time': 'histogram s',
      'db.client.connection.wait_time': 'histogram s',
      'db.client.connection.use_time': 'histogram s',
    })
    expect(DURATION_BUCKETS).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10])
    expect(ROW_BUCKETS).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000])
  })
})

describe('every metric', () => {
  it('has attributes of the published package, or of our own name', () => {
    const own = metricDefinitions
      .flatMap(({ attributes }) => attributes)
      .filter((name) => !/^(miyabi\.|server$)/.test(name))
    for (const name of [...own, 'server.address', 'server.port', 'db.namespace', 'cloud.region']) {
      expect(names.get(name), name).toMatch(/^ATTR_/)
    }
  })

  it('is named once, and under a name of ours where the conventions have none', () => {
    expect(new Set(metricDefinitions.map(({ name }) => name)).size).toBe(metricDefinitions.length)
    for (const { name } of Object.values(ownMetrics)) {
      expect(/^miyabi\./.test(name) || names.has(name), name).toBe(true)
    }
  })
})
