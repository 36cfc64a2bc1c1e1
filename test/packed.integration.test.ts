import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { createTestDatabase, dynamodbEndpoint, patience, type TestDatabase, tablePrefix } from '@miyabi/testing'
import { type BuildOptions, build } from 'esbuild'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PackedPackage, packPackages, publicPackages } from './packed/pack.js'
import { installOffline, writeFiles } from './packed/project.js'

/**
 * What a stranger gets: the packages as `pnpm pack` makes them, installed into a folder outside of the workspace. Other
 * frameworks are for the night: `pnpm test:matrix use-*`.
 */
const run = promisify(execFile)

/** Reads as one person what the service wrote, and an event. The import of either form comes in front of it. */
const work = `
async function main() {
  const db = await DatabaseContext.fromEnv()
  try {
    const { id: userId } = await db.asService().pg.user.create({ data: { email: process.argv[2] } })
    const seen = await db.as({ userId }).pg.user.findMany()
    await db.dynamodb.tables.apply()
    await db.dynamodb.events.append({ eventType: 'webhook', userId, data: {} })
    const { items } = await db.dynamodb.events.byUser(userId)
    const taken = await db.asService().pg.user.create({ data: { email: process.argv[2] } }).catch(mapError)
    console.log(JSON.stringify({ emails: seen.map(({ email }) => email), events: items.length, taken: taken.code }))
  } finally {
    await db.close()
  }
}
main()
`
const app = {
  'main.cjs': `const { DatabaseContext, mapError } = require('@miyabi/db')\n${work}`,
  'main.mjs': `import { DatabaseContext, mapError } from '@miyabi/db'\n${work}`,
  'both.cjs': `
    const required = require('@miyabi/db')
    const { observe } = require('@miyabi/db/telemetry')
    Promise.all([import('@miyabi/db'), import('@miyabi/db/telemetry')]).then(([imported, telemetry]) =>
      console.log(required.DatabaseContext === imported.DatabaseContext && observe === telemetry.observe),
    )
  `,
}

let folder: string
let database: TestDatabase
let packed: readonly PackedPackage[]
const inApp = (...names: string[]): string => path.join(folder, 'app', ...names)

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'miyabi-packed-'))
  packed = await packPackages(path.join(folder, 'packed'))
  await installOffline(inApp(), { packed, ours: ['@miyabi/db', '@miyabi/cli'], others: [] })
  await writeFiles(inApp(), app)
  database = await createTestDatabase()
})
afterAll(async () => {
  await database?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** What a program prints, and nothing to stderr. */
async function output(file: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await outputs(file, ...args)
  expect(stderr).toBe('')
  return stdout
}

const outputs = (file: string, ...args: string[]): Promise<{ readonly stdout: string; readonly stderr: string }> =>
  run(process.execPath, [file, ...args], {
    cwd: path.dirname(file),
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.databaseUrl,
      SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
      DYNAMODB_ENDPOINT: dynamodbEndpoint(),
      DYNAMODB_TABLE_PREFIX: tablePrefix(),
      ...patience,
    },
  })

/** The command as npm puts it in place. */
const miyabi = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ readonly stdout: string }> =>
  run(inApp('node_modules/.bin/miyabi'), args, {
    cwd: inApp(),
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    shell: process.platform === 'win32',
  })

/** Runs one of the apps with an address of its own. */
async function expectToWork(file: string): Promise<void> {
  const email = `${path.basename(file)}@example.com`
  expect(JSON.parse(await output(file, email))).toEqual({
    emails: [email],
    events: 1,
    taken: 'postgres.unique_violation',
  })
}

/** Bundles the app, and moves it to where nothing is installed. */
async function bundle(entry: string, outfile: string, options: BuildOptions): Promise<string> {
  const { warnings } = await build({
    absWorkingDir: inApp(),
    entryPoints: [entry],
    outfile: inApp(outfile),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    ...options,
  })
  expect(warnings).toEqual([])
  const alone = path.join(folder, 'alone')
  await mkdir(alone, { recursive: true })
  await copyFile(inApp(outfile), path.join(alone, outfile))
  return path.join(alone, outfile)
}

describe('the packed packages', () => {
  it.each(publicPackages())('of %s are in order, for publint and for Are the types wrong?', async (name) => {
    const { tarball = '' } = packed.find((one) => one.name === name) ?? {}
    const bytes = await readFile(tarball)
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    expect((await publint({ pack: { tarball: data } })).messages).toEqual([])
    const types = await checkPackage(createPackageFromTarballData(new Uint8Array(data)))
    expect(types).toMatchObject({ types: { kind: 'included' }, problems: [] })
  })

  it('work in CommonJS', () => expectToWork(inApp('main.cjs')))

  it('work as ES modules', () => expectToWork(inApp('main.mjs')))

  it('are one copy for require() and for import', async () => {
    expect(await output(inApp('both.cjs'))).toBe('true\n')
  })

  it('tell of a second copy in one process, also where it uses the database of the first', async () => {
    const first = await realpath(inApp('node_modules/@miyabi/db'))
    await cp(first, path.join(path.dirname(first), 'db-copy'), { recursive: true })
    await writeFiles(inApp(), {
      'copies.mjs': `
        import { sharedDatabase } from '@miyabi/db'
        const copy = await import(${JSON.stringify(path.join(path.dirname(first), 'db-copy/dist/index.js'))})
        const [one, two] = [sharedDatabase(), copy.sharedDatabase()]
        await one.asService().pg.user.count()
        console.log(one.pg === two.pg)
        await two.close()
      `,
    })
    const { stdout, stderr } = await outputs(inApp('copies.mjs'))
    expect(stdout).toBe('true\n')
    expect(stderr.match(/MIYABI_SECOND_COPY/g)).toHaveLength(1)
    expect(stderr).toContain('Two copies of @miyabi/db are loaded in this process')
  })

  it('bring the command along, which names itself as it works there', async () => {
    const { stdout } = await miyabi(['status'])
    expect(stdout).toContain(inApp('.miyabi'))
    expect(stdout).toContain('`npx miyabi up` starts it')
  })

  it('bring the schema and its migrations along', async () => {
    const env = { DIRECT_DATABASE_URL: database.directDatabaseUrl }
    const { stdout } = await miyabi(['prisma', 'migrate', 'status'], env)
    expect(stdout).toContain('Database schema is up to date')
    await expect(miyabi(['prisma', 'migrate', 'dev'], env)).rejects.toThrow('the one packed with Miyabi DB')
  })

  it('work in one file of CommonJS, bundled and minified by esbuild', async () => {
    await expectToWork(await bundle('main.cjs', 'one.cjs', { format: 'cjs' }))
  })

  it('work in one file of an ES module, with a require() for the drivers that are CommonJS', async () => {
    const js = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`
    for (const minify of [true, false])
      await expectToWork(await bundle('main.mjs', `one-${minify}.mjs`, { format: 'esm', banner: { js }, minify }))
  })
})
