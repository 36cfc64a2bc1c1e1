import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { createTestDatabase, dynamodbEndpoint, patience, tablePrefix } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pnpm, storeVariables } from './pnpm.js'
import { root } from './workspace.js'

/**
 * A stranger's app in a copy of this workspace: it declares `"@miyabi/db": "workspace:*"` and nothing else of ours, and
 * after `pnpm install` alone it imports, type-checks and runs. The copy lies outside of this folder, so that nothing
 * resolves by luck.
 */
const run = promisify(execFile)
const notCopied = new Set([
  'node_modules',
  'dist',
  'generated',
  '.git',
  '.turbo',
  '.miyabi',
  '.env',
  'demo',
  'benchmarks',
])

const app = {
  'package.json': JSON.stringify({
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: { '@miyabi/db': 'workspace:*' },
    devDependencies: { '@types/node': 'catalog:', typescript: 'catalog:' },
  }),
  'tsconfig.nodenext.json': JSON.stringify({
    compilerOptions: {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      types: ['node'],
      outDir: 'dist',
      rootDir: 'src',
    },
    include: ['src'],
  }),
  'tsconfig.bundler.json': JSON.stringify({
    compilerOptions: {
      module: 'esnext',
      moduleResolution: 'bundler',
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      strict: true,
      types: ['node'],
      noEmit: true,
    },
    include: ['src'],
  }),
  'src/main.ts': `
    import { DatabaseContext, type Prisma } from '@miyabi/db'

    await using db = await DatabaseContext.fromEnv()
    await db.dynamodb.tables.apply()
    const data: Prisma.UserCreateInput = { email: 'consumer@example.com' }
    const user = await db.asService().pg.user.create({ data })
    const emails: string[] = (await db.as({ userId: user.id }).pg.user.findMany()).map((found) => found.email)
    // @ts-expect-error the client is typed, so a column that does not exist is refused
    void user.noSuchColumn
    const { status } = await db.healthCheck()
    console.log(JSON.stringify({ emails, status, max: db.stats().postgres.max }))
  `,
}

let workspace: string
/** A store on the disk of the copy would be empty: this names the one that this workspace was installed from. */
let store: NodeJS.ProcessEnv
const consumer = (...names: string[]): string => path.join(workspace, 'apps', 'consumer', ...names)

/** Where turbo keeps what it built from the same sources: worktrees of git share one cache. */
async function turboCache(): Promise<string> {
  const { stdout } = await run('git', ['rev-parse', '--path-format=absolute', '--git-common-dir'], { cwd: root }).catch(
    () => ({ stdout: path.join(root, '.git') }),
  )
  return path.join(path.dirname(stdout.trim()), '.turbo/cache')
}

const tsc = (project: string) =>
  run(process.execPath, [path.join(workspace, 'node_modules/typescript/bin/tsc'), '-p', consumer(project)])

beforeAll(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'miyabi-consumer-'))
  await cp(root, workspace, { recursive: true, filter: (source) => !notCopied.has(path.basename(source)) })
  await mkdir(consumer('src'), { recursive: true })
  for (const [name, text] of Object.entries(app)) await writeFile(consumer(name), text)
  store = { ...(await storeVariables()), TURBO_CACHE_DIR: await turboCache() }
  await pnpm(['install', '--offline', '--no-frozen-lockfile'], workspace, store)
})
afterAll(() => rm(workspace, { recursive: true, force: true }))

describe('an app that declares @miyabi/db', () => {
  it('type-checks under both module resolutions', async () => {
    await tsc('tsconfig.bundler.json')
    await tsc('tsconfig.nodenext.json')
  })

  it('runs', async () => {
    await using database = await createTestDatabase()
    const { stdout } = await run(process.execPath, ['dist/main.js'], {
      cwd: consumer(),
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: database.databaseUrl,
        SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
        DYNAMODB_ENDPOINT: dynamodbEndpoint(),
        DYNAMODB_TABLE_PREFIX: tablePrefix(),
        ...patience,
      },
    })
    expect(JSON.parse(stdout)).toEqual({ emails: ['consumer@example.com'], status: 'up', max: 20 })
  })
})

describe('a command of the root', () => {
  it('installs what an installation with a filter has left out, as after the demo on a fresh clone', async () => {
    await rm(path.join(workspace, 'packages/cli/node_modules'), { recursive: true })
    const status = await pnpm(['--silent', 'db:status', '--json'], workspace, store)
    expect(JSON.parse(status)).toMatchObject({ up: false })
  })
})
