import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { renderReports } from './render.js'

describe('renderReports', () => {
  it('prints a remedy once, below all findings that it fixes', () => {
    const finding = (object: string, remedy: string) => ({
      check: 'drift.postgres',
      object,
      problem: 'missing',
      remedy,
    })
    const text = renderReports([
      {
        name: 'drift',
        looksFor: '',
        state: 'findings',
        findings: [finding('a', 'deploy'), finding('b', 'undo it'), finding('c', 'deploy')],
      },
    ])
    const lines = stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.trim())
    expect(lines.slice(1, -2)).toEqual([
      'drift.postgres',
      'a: missing',
      'c: missing',
      'deploy',
      'b: missing',
      'undo it',
    ])
  })
})
