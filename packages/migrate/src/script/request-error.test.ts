import { describe, expect, it } from 'vitest'
import { PrismaError } from '../errors/prisma-error.js'
import { excerpt, toRequestError } from './request-error.js'
import { Run } from './run.js'

const external = new Error('external connector error\n  with migration_name="2_b"')

function runWithFailure(): Run {
  const run = new Run()
  run.scriptFailure = {
    error: { code: '23505', message: 'duplicate key', detail: 'Key (id)=(1) already exists.', position: '12' },
    script: 'SELECT 1;\nINSERT',
  }
  return run
}

describe('toRequestError', () => {
  it('keeps a code that the engine gives', () => {
    const thrown = Object.assign(new Error('failed migrations'), { code: 'P3009', meta: { details: 'x' } })
    expect(toRequestError(thrown, 'applyMigrations', runWithFailure()).details).toEqual({
      prismaCode: 'P3009',
      meta: { details: 'x' },
    })
  })

  it('gives back P3018 to a migration that failed to apply, and P3006 to one that failed in the shadow database', () => {
    const applied = toRequestError(external, 'applyMigrations', runWithFailure())
    expect(applied.details.prismaCode).toBe('P3018')
    expect(applied.message).toContain('Migration name: 2_b\n\nDatabase error code: 23505')
    expect(toRequestError(external, 'devDiagnostic', runWithFailure()).details.prismaCode).toBe('P3006')
  })

  it('prefers what our side knows of a failed connection', () => {
    const run = new Run()
    run.hostFailure = new PrismaError('P1001', 'unreachable')
    expect(toRequestError(external, 'diff', run)).toBe(run.hostFailure)
  })
})

describe('excerpt', () => {
  it('ends with the line of the position, and counts characters, not bytes', () => {
    const script = '-- 日本語 🎉\na\nb\nc\nd\ne'
    expect(excerpt(script, [...script].indexOf('d') + 1)).toBe('  2 a\n  3 b\n  4 c\n  5 d')
  })
})
