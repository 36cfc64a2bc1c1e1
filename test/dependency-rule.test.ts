import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const importing = (name: string): string => `import { thing } from '${name}'\n\nconsole.log(thing)\n`
const readingEnvironment = 'export const url = process.env.DATABASE_URL\n'
const IMPORT_RULE = 'lint/style/noRestrictedImports'

const forbidden = [
  ['core', '@miyabi/postgres'],
  ['postgres', '@miyabi/dynamo'],
  ['dynamo', '@miyabi/postgres'],
  ['postgres', '@miyabi/db'],
  ['local', '@miyabi/testing'],
  ['db', '@miyabi/local'],
  ['testing', '@miyabi/db'],
] as const
const allowed = [
  ['db', '@miyabi/postgres'],
  ['cli', '@miyabi/local'],
  ['dynamo', '@miyabi/core'],
] as const

const fileOf = (from: string, to: string): string => `packages/${from}/src/${path.basename(to)}.ts`
const examples: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...forbidden, ...allowed].map(([from, to]) => [fileOf(from, to), importing(to)])),
  'apps/demo/src/example.ts': importing('@miyabi/core/src/error.js'),
  'packages/postgres/src/example.ts': readingEnvironment,
  'packages/db/src/example.ts': readingEnvironment,
}

// A folder of its own with our configuration in it, so that a broken example never stands in the work tree.
const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-lint-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Diagnostic {
  readonly category: string
  readonly severity: string
  readonly location: { readonly path: string }
}

/** The rules that the linter finds broken, by file. */
const broken = new Map<string, string[]>()
beforeAll(() => {
  copyFileSync('biome.json', path.join(folder, 'biome.json'))
  for (const [file, content] of Object.entries(examples)) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true })
    writeFileSync(path.join(folder, file), content)
    broken.set(file, [])
  }
  const { stdout } = spawnSync(
    path.resolve('node_modules/.bin/biome'),
    ['lint', '--vcs-enabled=false', '--reporter=json', ...Object.keys(examples)],
    { cwd: folder, encoding: 'utf8' },
  )
  const report = JSON.parse(stdout) as { summary: { unchanged: number }; diagnostics: Diagnostic[] }
  expect(report.summary.unchanged).toBe(broken.size)
  for (const { category, severity, location } of report.diagnostics) {
    if (severity === 'error') broken.get(location.path)?.push(category)
  }
})

describe('the lint rule on dependencies', () => {
  it.each(forbidden)('forbids @miyabi/%s to import %s', (from, to) => {
    expect(broken.get(fileOf(from, to))).toEqual([IMPORT_RULE])
  })

  it.each(allowed)('lets @miyabi/%s import %s', (from, to) => {
    expect(broken.get(fileOf(from, to))).toEqual([])
  })

  it('forbids a deep import into another package, from anywhere', () => {
    expect(broken.get('apps/demo/src/example.ts')).toEqual([IMPORT_RULE])
  })

  it('forbids a library package to read the environment', () => {
    expect(broken.get('packages/postgres/src/example.ts')).toEqual(['lint/style/noProcessEnv'])
    expect(broken.get('packages/db/src/example.ts')).toEqual([])
  })
})
