import { MiyabiError } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { errorFacts } from './error-facts.js'

describe('errorFacts', () => {
  it('contains the facts of an error of ours, and no secret', () => {
    const url = 'postgresql://app:S3cret@db:5432/miyabi'
    const error = new MiyabiError('cli.example', `cannot reach ${url}`, {
      effect: 'unknown',
      retryable: true,
      remedy: 'run `miyabi up`',
      details: { url, password: 'S3cret', rows: 7n },
      cause: new Error(`refused by ${url}`),
    })
    expect(errorFacts(error)).toEqual({
      code: 'cli.example',
      message: 'cannot reach postgresql://app:***@db:5432/miyabi',
      effect: 'unknown',
      retryable: true,
      remedy: 'run `pnpm db:up`',
      cause: 'refused by postgresql://app:***@db:5432/miyabi',
      details: { url: 'postgresql://app:***@db:5432/miyabi', password: '***', rows: 7n },
    })
  })

  it.each([
    [Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open' }), 'ENOENT'],
    [new TypeError('x is not a function'), 'cli.unexpected'],
    ['thrown', 'cli.unexpected'],
    [undefined, 'cli.unexpected'],
  ])('returns a code for %s', (error, code) => {
    expect(errorFacts(error)).toMatchObject({ code, message: expect.any(String), effect: 'unknown', details: {} })
  })
})
