import { describe, expect, it } from 'vitest'
import { parseOptions, UsageError } from './options.js'

describe('parseOptions', () => {
  it('runs everything where nothing is said', () => {
    expect(parseOptions([])).toMatchObject({
      suites: ['postgres', 'dynamo', 'dynamo-size', 'rls', 'observe', 'outbox', 'replicas', 'cache', 'start'],
      quick: false,
      json: false,
    })
  })

  it('takes a part', () => {
    const options = parseOptions(['--', '--suite', 'postgres', '--workload', 'select', '--concurrency', '1,16'])
    expect(options).toMatchObject({ suites: ['postgres'], workloads: ['select'], concurrency: [1, 16] })
  })

  it.each([
    [['--suite', 'mysql'], 'Unknown suite "mysql"'],
    [['--concurrency', '1,many'], '--concurrency many is not a whole number above 0'],
    [['--fast'], "Unknown option '--fast'"],
    [['select'], 'Unexpected argument'],
    [['--publish', '--quick'], 'Only a complete run can be published'],
  ])('refuses %j', (args, problem) => {
    expect(() => parseOptions(args)).toThrow(UsageError)
    expect(() => parseOptions(args)).toThrow(problem)
  })
})
