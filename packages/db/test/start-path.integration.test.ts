import { execFile } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testEnvironment } from './environment.js'
import { TestProcess } from './process.js'

let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
})
afterAll(() => database.drop())

const dataUrl = (program: string): string => `data:text/javascript,${encodeURIComponent(program)}`

/** Says the URL of each module that is imported. */
const TELLING = dataUrl(`
  import { writeSync } from 'node:fs'
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context)
    writeSync(1, resolved.url + '\\n')
    return resolved
  }`)
const REGISTER = `--import=${dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(TELLING)})`)}`

/** The packages that a program imports or requires, and how many files of ours. */
async function loadedBy(program: string): Promise<{ readonly packages: readonly string[]; readonly files: number }> {
  const required = `for (const file of Object.keys(process.getBuiltinModule('module')._cache)) console.log('file:' + file)`
  await using app = new TestProcess(`${program}\n${required}`, env, [REGISTER])
  expect(await app.exit()).toBe(0)
  const urls = new Set(app.lines.filter((line) => line.startsWith('file:')))
  const names = [...urls].map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1])
  const files = names.filter((name) => name === undefined).length
  return { packages: [...new Set(names.filter((name) => name !== undefined))].sort(), files }
}

/** Node's own modules that an import loads. */
async function builtinsOf(...specifiers: readonly string[]): Promise<readonly string[]> {
  const program = `
    await Promise.all(${JSON.stringify(specifiers)}.map((specifier) => import(specifier)))
    process.stdout.write(process.moduleLoadList.join('\\n'))`
  const cwd = path.resolve(import.meta.dirname, '../../postgres')
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { cwd })
  return stdout.split('\n').filter((name) => name.startsWith('NativeModule '))
}

const QUERY = `
  const db = await miyabi.DatabaseContext.fromEnv()
  await db.as({ userId: '00000000-0000-7000-8000-000000000000' }).pg.user.count()`

describe('the start of an application', () => {
  it('loads a few files of ours, and no package of others, until a context is opened', async () => {
    const { packages, files } = await loadedBy('')
    expect(packages).toEqual([])
    // An entry for each package of ours, and what entries share.
    expect(files).toBeLessThan(12)
    const opened = await loadedBy(`const db = await miyabi.DatabaseContext.fromEnv(); await db.close()`)
    const others = opened.packages.filter((name) => !/^(pg|postgres)-/.test(name))
    expect(others).toEqual(expect.arrayContaining(['@prisma/adapter-pg', '@prisma/client', 'pg']))
    expect(opened.files).toBeLessThan(files + 5)
  })

  it('loads none of the modules of Node that Prisma and the driver do without', async () => {
    const base = await builtinsOf('pg', '@prisma/adapter-pg', '@prisma/client/runtime/client')
    expect(base).toContain('NativeModule crypto')
    const entry = pathToFileURL(path.resolve(import.meta.dirname, '../../postgres/dist/index.js')).href
    const context = pathToFileURL(path.resolve(import.meta.dirname, '../dist/index.js')).href
    const added = (await builtinsOf(entry, context)).filter((name) => !base.includes(name))
    // `import.meta`, and what an AsyncLocalStorage consists of in Node 24.
    const used = /internal\/(modules\/esm\/initialize_import_meta|async_local_storage\/\w+)$/
    expect(added.filter((name) => !used.test(name))).toEqual([])
  })

  it('loads nothing for metrics, which load no package of others', async () => {
    const telemetry = pathToFileURL(path.resolve(import.meta.dirname, '../dist/telemetry/index.js')).href
    const without = await loadedBy('')
    const { packages, files } = await loadedBy(`await import(${JSON.stringify(telemetry)})`)
    expect(packages).toEqual(without.packages)
    expect(files).toBe(without.files + 1)
  })

  it('loads nothing of DynamoDB for PostgreSQL, from the first query to the end', async () => {
    const { packages } = await loadedBy(`${QUERY}\nawait db.close()`)
    expect(packages.filter((name) => /aws|smithy|electrodb|zod/.test(name))).toEqual([])
  })

  it('loads the AWS SDK and ElectroDB with the first call to DynamoDB, and still no zod', async () => {
    const { packages } = await loadedBy(`${QUERY}
      await db.dynamodb.events.byType('none')
      await db.close()`)
    expect(packages).toEqual(expect.arrayContaining(['@aws-sdk/client-dynamodb', 'electrodb']))
    expect(packages).not.toContain('zod')
  })

  it('loads nothing of DynamoDB to close what was not used, or to refuse what comes later', async () => {
    const { packages } = await loadedBy(`
      const db = await miyabi.DatabaseContext.fromEnv()
      db.stats()
      await db.close()
      const refused = await db.dynamodb.events.append({ eventType: 'x' }).catch((error) => error.code)
      if (refused !== 'dynamo.closed') throw new Error(refused)`)
    expect(packages.filter((name) => /aws|smithy|electrodb/.test(name))).toEqual([])
  })
})
