import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const importing = (name: string): string => `import { thing } from '${name}'\n\nconsole.log(thing)\n`

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
  ['db', '@miyabi/postgres/on-demand'],
] as const

/** A file beside the rooms would be against the architecture itself, so each example is in a room that may import. */
const topRooms: Readonly<Record<string, string>> = {
  core: 'settings',
  local: 'client',
  postgres: 'health',
  dynamo: 'health',
  db: 'context',
  cli: 'commands',
  testing: '.',
}
const fileOf = (from: string, to: string): string =>
  path.join(`packages/${from}/src`, topRooms[from] ?? '.', `${to.replaceAll(/\W+/g, '-')}.ts`)
const examples: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...forbidden, ...allowed].map(([from, to]) => [fileOf(from, to), importing(to)])),
  'apps/demo/src/steps/deep.ts': importing('@miyabi/db/src/context.js'),
  'apps/demo/src/steps/other.ts': importing('@miyabi/core'),
  'apps/mine/main.ts': importing('@miyabi/core/dist/error.js'),
  'packages/db/src/context/stranger.ts': importing('@miyabi/nothing'),
  'packages/db/src/context/relative.ts': importing('../../../core/src/index.js'),
  'packages/db/test/helped.test.ts': importing('../../postgres/test/support.js'),
  'packages/postgres/test/support.ts': 'export const thing = 1\n',
  'packages/dynamo/src/items/upward.ts': importing('../events/events.js'),
  'packages/dynamo/src/items/downward.ts': importing('../errors/errors.js'),
  'packages/dynamo/src/items/lazily-upward.ts': `export const events = () => import('../events/events.js')\n`,
  'packages/dynamo/src/events/one.ts': `import type { Two } from './two.js'\n\nexport type One = Two\n`,
  'packages/dynamo/src/events/two.ts': `import type { One } from './one.js'\n\nexport type Two = One\n`,
  'packages/dynamo/src/attic/new.ts': 'export const attic = 1\n',
  'packages/dynamo/src/index.ts': `export * from './dynamo.js'\n`,
  'packages/core/src/index.ts': `export * as field from './settings/field.js'\n`,
  'packages/db/src/index.ts': `export { ready } from './context/waits.js'\nexport const later = () => import('./health/later.js')\n`,
  'packages/db/src/context/waits.ts': 'export const ready = await Promise.resolve(true)\n',
  'packages/db/src/health/later.ts': 'export const all = []\nfor await (const one of [1]) all.push(one)\n',
  'packages/db/src/health/program.ts': 'await Promise.resolve()\n',
  'packages/db/src/health/inside.ts': 'export const wait = async () => await Promise.resolve()\n',
}

// A folder of its own with the manifests in it, so that a broken example never stands in the work tree.
const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-lint-'))
afterAll(() => rmSync(folder, { recursive: true }))

const write = (file: string, content: string): void => {
  mkdirSync(path.join(folder, path.dirname(file)), { recursive: true })
  writeFileSync(path.join(folder, file), content)
}

let found = ''
/** What was found about a file, without its name. */
const about = (file: string): string[] =>
  found
    .split('\n')
    .filter((line) => line.startsWith(`${file}:`))
    .map((line) => line.slice(file.length + 2))

beforeAll(() => {
  for (const name of Object.keys(topRooms))
    cpSync(`packages/${name}/package.json`, path.join(folder, `packages/${name}/package.json`))
  write('apps/demo/package.json', readFileSync('apps/demo/package.json', 'utf8'))
  write('apps/mine/package.json', JSON.stringify({ name: 'mine' }))
  write('benchmarks/package.json', JSON.stringify({ name: 'benchmarks' }))
  for (const [file, content] of Object.entries(examples)) write(file, content)
  const { stderr, status } = spawnSync(process.execPath, ['scripts/lint/architecture.mjs', folder], {
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  found = stderr
})

describe('the architecture', () => {
  it.each(forbidden)('forbids @miyabi/%s to import %s', (from, to) => {
    expect(about(fileOf(from, to))).toEqual([`@miyabi/${from} may not depend on ${to}: dependencies go one way`])
  })

  it.each(allowed)('lets @miyabi/%s import %s', (from, to) => {
    expect(about(fileOf(from, to))).toEqual([])
  })

  it('forbids what the exports of a package do not have, from anywhere', () => {
    const refusal = (name: string) => `is not in the exports of ${name}; import its public entry`
    expect(about('apps/demo/src/steps/deep.ts')).toEqual([`'@miyabi/db/src/context.js' ${refusal('@miyabi/db')}`])
    expect(about('apps/mine/main.ts')).toEqual([`'@miyabi/core/dist/error.js' ${refusal('@miyabi/core')}`])
  })

  it('lets the demo import what an application may, and nothing else of ours', () => {
    expect(about('apps/demo/src/steps/other.ts')).toEqual([
      'demo may not depend on @miyabi/core: dependencies go one way',
    ])
  })

  it('forbids a wait at the top level of what others can reach, also of what is loaded later', () => {
    const refusal = 'waits at the top level, so that CommonJS cannot require it; wait in a function'
    expect(about('packages/db/src/context/waits.ts')).toEqual([refusal])
    expect(about('packages/db/src/health/later.ts')).toEqual([refusal])
    expect(about('packages/db/src/health/program.ts')).toEqual([])
    expect(about('packages/db/src/health/inside.ts')).toEqual([])
  })

  it('names a package that does not exist', () => {
    expect(about('packages/db/src/context/stranger.ts')).toEqual(['there is no package @miyabi/nothing'])
  })

  it('forbids a way into another package past its name', () => {
    expect(about('packages/db/src/context/relative.ts')).toEqual([
      `imports '../../../core/src/index.js' of another package; import it by its name`,
    ])
  })

  it('forbids tests to take helpers out of the tests of another package', () => {
    expect(about('packages/db/test/helped.test.ts')).toEqual([
      `imports '../../postgres/test/support.js' of another package; import it by its name`,
    ])
  })

  it('forbids an import from a higher room, also one that is loaded later', () => {
    const refusal = `imports '../events/events.js', and events is above items; move what both need down`
    expect(about('packages/dynamo/src/items/upward.ts')).toEqual([refusal])
    expect(about('packages/dynamo/src/items/lazily-upward.ts')).toEqual([refusal])
    expect(about('packages/dynamo/src/items/downward.ts')).toEqual([])
  })

  it('names a circle, also one of types', () => {
    const [one, two] = ['packages/dynamo/src/events/one.ts', 'packages/dynamo/src/events/two.ts']
    expect(found).toContain(`${one} -> ${two} -> ${one}: an import circle`)
  })

  it('names a room that it does not know', () => {
    expect(about('packages/dynamo/src/attic/new.ts')).toEqual(['the architecture has no room attic in @miyabi/dynamo'])
  })

  it('lets an index export by name only', () => {
    expect(about('packages/dynamo/src/index.ts')).toEqual(['exports everything of another file; name what is exported'])
    expect(about('packages/core/src/index.ts')).toEqual([])
  })
})

const environment = 'const environment: Record<string, string | undefined> = {}\n'
const linted: Readonly<Record<string, string>> = {
  'packages/postgres/src/process.ts': 'export const url = process.env.DATABASE_URL\n',
  'packages/db/src/process.ts': 'export const url = process.env.DATABASE_URL\n',
  'packages/db/src/member.ts': `${environment}export const a = environment.NODE_ENV\n`,
  'packages/db/src/optional.ts': `${environment}export const a = environment?.NODE_ENV\n`,
  'packages/db/src/index-of.ts': `${environment}export const a = environment['NODE_ENV']\n`,
  'packages/db/src/by-name.ts': `export const name = 'NODE_ENV'\n`,
  'packages/db/src/taken-apart.ts': `${environment}export const { NODE_ENV } = environment\n`,
  'packages/db/src/renamed.ts': `${environment}export const { NODE_ENV: mode } = environment\n`,
  'packages/db/src/written.ts': `export const env = { NODE_ENV: 'test', text: 'with NODE_ENV=production' }\n`,
  'packages/db/src/literal.ts': `export const b = { ...{ a: 1 }, b: 2 }\n`,
  'packages/db/src/conditional.ts': `export const b = (a?: number) => ({ ...(a && { a }), b: 2 })\n`,
}

describe('the lint rules of our own', () => {
  const rules = new Map<string, string>()
  beforeAll(() => {
    copyFileSync('biome.json', path.join(folder, 'biome.json'))
    cpSync('scripts/lint', path.join(folder, 'scripts/lint'), { recursive: true })
    for (const [file, content] of Object.entries(linted)) write(file, content)
    const { stdout } = spawnSync(
      path.resolve('node_modules/.bin/biome'),
      ['lint', '--vcs-enabled=false', '--reporter=json', ...Object.keys(linted)],
      { cwd: folder, encoding: 'utf8' },
    )
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: readonly {
        readonly category: string
        readonly message: string
        readonly location: { readonly path: string }
      }[]
    }
    for (const { category, message, location } of diagnostics)
      rules.set(path.basename(location.path, '.ts'), category === 'plugin' ? message : `${category} ${location.path}`)
  })

  it('forbid a library package to read the environment of the process', () => {
    expect(rules.get('process')).toBe('lint/style/noProcessEnv packages/postgres/src/process.ts')
  })

  it.each(['member', 'optional', 'index-of', 'by-name', 'taken-apart', 'renamed'])(
    'forbid a second place that reads NODE_ENV: %s',
    (name) => {
      expect(rules.get(name)).toContain('isProduction(env)')
    },
  )

  it('forbid to spread an object literal', () => {
    expect(rules.get('literal')).toContain('Write the members out')
  })

  it('leave alone what writes NODE_ENV or speaks of it, and what spreads by a condition', () => {
    expect(['written', 'conditional'].map((name) => rules.get(name))).toEqual([undefined, undefined])
  })
})
