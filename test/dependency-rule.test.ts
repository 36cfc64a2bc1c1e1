import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

// A folder of its own with our configuration in it, so that a broken example never stands in the work tree.
const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-lint-'))
copyFileSync('biome.json', path.join(folder, 'biome.json'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The rules that the linter finds broken in a file of this content at this path. */
function brokenRules(file: string, content: string): string[] {
  mkdirSync(path.join(folder, path.dirname(file)), { recursive: true })
  writeFileSync(path.join(folder, file), content)
  const result = spawnSync(
    path.resolve('node_modules/.bin/biome'),
    ['lint', '--vcs-enabled=false', '--reporter=json', file],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  )
  const report = JSON.parse(result.stdout) as { diagnostics: { category: string; severity: string }[] }
  return report.diagnostics.filter(({ severity }) => severity === 'error').map(({ category }) => category)
}

const importing = (name: string): string => `import { thing } from '${name}'\n\nconsole.log(thing)\n`
const IMPORT_RULE = 'lint/style/noRestrictedImports'

describe('the lint rule on dependencies', () => {
  it.each([
    ['core', '@miyabi/postgres'],
    ['postgres', '@miyabi/dynamo'],
    ['dynamo', '@miyabi/postgres'],
    ['postgres', '@miyabi/db'],
    ['local', '@miyabi/testing'],
    ['db', '@miyabi/local'],
    ['testing', '@miyabi/db'],
  ])('forbids @miyabi/%s to import %s', (from, to) => {
    expect(brokenRules(`packages/${from}/src/example.ts`, importing(to))).toEqual([IMPORT_RULE])
  })

  it.each([
    ['db', '@miyabi/postgres'],
    ['cli', '@miyabi/local'],
    ['dynamo', '@miyabi/core'],
  ])('lets @miyabi/%s import %s', (from, to) => {
    expect(brokenRules(`packages/${from}/src/example.ts`, importing(to))).toEqual([])
  })

  it('forbids a deep import into another package, from anywhere', () => {
    expect(brokenRules('apps/demo/src/example.ts', importing('@miyabi/core/src/error.js'))).toEqual([IMPORT_RULE])
  })

  it('forbids a library package to read the environment', () => {
    const reading = 'export const url = process.env.DATABASE_URL\n'
    expect(brokenRules('packages/postgres/src/example.ts', reading)).toEqual(['lint/style/noProcessEnv'])
    expect(brokenRules('packages/db/src/example.ts', reading)).toEqual([])
  })
})
