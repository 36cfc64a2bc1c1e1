import { describe, expect, it } from 'vitest'
import { readDirectives } from './directives.js'

describe('readDirectives', () => {
  it('reads the comments in front of the first statement, and no others', () => {
    const script =
      '-- Purpose\n\n-- @loses drafts, users.nickname\n--   @loses audit.entries\n--@limits lock_timeout=5s statement_timeout=0\nSELECT 1;\n-- @loses nothing\n'
    expect(readDirectives(script)).toEqual({
      limits: { lock_timeout: '5s', statement_timeout: '0' },
      loses: ['drafts', 'users.nickname', 'audit.entries'],
    })
    expect(readDirectives('SELECT 1')).toEqual({ limits: {}, loses: [] })
  })

  it.each([
    ['-- @forgets users', '@forgets'],
    ['-- @limits work_mem=1GB', '@limits work_mem=1GB'],
    ["-- @limits lock_timeout=5s';DROP", "@limits lock_timeout=5s';DROP"],
    ['-- @limits lock_timeout', '@limits lock_timeout'],
    ['-- @limits lock_timeout=5', '@limits lock_timeout=5'],
  ])('refuses %s', (line, found) => {
    expect(() => readDirectives(line)).toThrow(
      expect.objectContaining({ code: 'migrate.directive_invalid', details: { found } }),
    )
  })
})
