import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './workspace.js'

const PAGE = 'docs/reference/differences-from-prisma.md'

/** The lines of its tables, without their heads. */
const differences = readFileSync(path.join(root, PAGE), 'utf8')
  .split('\n')
  .filter(
    (line, index, lines) =>
      line.startsWith('| ') && !line.startsWith('| ---') && !lines[index + 1]?.startsWith('| ---'),
  )

/** The tests that a line names, in its last column. */
const testsOf = (difference: string) =>
  [...(difference.split(' | ').at(-1) ?? '').matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, name = '', link = '']) => ({
    name,
    file: path.join(root, path.dirname(PAGE), link),
  }))

describe('the page of differences from Prisma', () => {
  it.each(differences)('has a test that is there for each: %s', (difference) => {
    const tests = testsOf(difference)
    expect(tests).not.toEqual([])
    for (const { name, file } of tests) {
      expect(existsSync(file)).toBe(true)
      // As it stands in the source, between its quotes.
      expect(readFileSync(file, 'utf8').replaceAll("\\'", "'")).toContain(name)
    }
  })
})
