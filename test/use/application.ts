import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { DatabaseContext, parseDatabaseSettings } from '@miyabi/db'
import { createTestDatabase, dynamodbEndpoint, tablePrefix } from '@miyabi/testing'
import { readPages } from '../docs/pages.js'
import { packPackages } from '../packed/pack.js'
import { writeFiles } from '../packed/project.js'
import { pnpm, storeVariables } from '../pnpm.js'

/** What an application is made of. */
export interface ApplicationOptions {
  /** Pages of docs/use, whose code it has: `express.md`. Those that all share come with them. */
  readonly pages: readonly string[]
  /** Packages from npm, beside ours. */
  readonly dependencies: Readonly<Record<string, string>>
  /** What the pages leave to the reader, such as a tsconfig.json. */
  readonly files?: Readonly<Record<string, string>>
  /** Of package.json. Default: not in it. */
  readonly type?: 'module' | 'commonjs'
}

/** A project outside of the workspace, with the packed packages and a framework, and a database that has a person. */
export interface Application extends AsyncDisposable {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  /** A person with a month of use, whose count is beyond what a number of JavaScript holds. */
  readonly userId: string
  /** Runs a program of the project to its end; gives what it prints. */
  run(command: string, ...args: string[]): Promise<string>
  /** Starts a server of the project on a port of its own, and waits for its first answer. */
  serve(command: string, ...args: string[]): Promise<Served>
}

export interface Served {
  get(route: string, userId?: string): Promise<Response>
  /** Asks it to end, and gives its exit code. */
  stop(): Promise<number | null>
}

/** Beyond 2^53. */
export const TOKENS = 1_152_921_504_606_846_977n

const packed = mkdtemp(path.join(tmpdir(), 'miyabi-packed-')).then(packPackages)

export async function makeApplication(options: ApplicationOptions): Promise<Application> {
  const { dependencies, files = {}, type } = options
  const folder = await mkdtemp(path.join(tmpdir(), 'miyabi-use-'))
  const ours = Object.fromEntries((await packed).map(({ name, tarball }) => [name, `file:${tarball}`]))
  await writeFiles(folder, {
    ...codeOf(['README.md', ...options.pages]),
    ...files,
    'package.json': JSON.stringify({
      name: 'stranger',
      private: true,
      type,
      dependencies: { ...ours, ...dependencies },
    }),
    'pnpm-workspace.yaml': JSON.stringify({
      packages: [],
      overrides: ours,
      minimumReleaseAge: 0,
      strictDepBuilds: false,
      allowBuilds: { esbuild: true, bun: true },
    }),
  })
  await pnpm(['install', '--prefer-offline'], folder, await storeVariables())

  const database = await createTestDatabase()
  const servers = {
    DATABASE_URL: database.databaseUrl,
    SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
    DYNAMODB_ENDPOINT: dynamodbEndpoint(),
    DYNAMODB_TABLE_PREFIX: tablePrefix(),
  }
  const userId = await seed(servers)
  const env = {
    PATH: `${path.join(folder, 'node_modules/.bin')}${path.delimiter}${process.env['PATH']}`,
    HOME: folder,
    NEXT_TELEMETRY_DISABLED: '1',
  }
  const all = { ...env, ...servers }
  const running = new Set<ChildProcess>()
  return {
    folder,
    env: all,
    userId,
    async run(command, ...args) {
      // A build gets no database: none may be asked for.
      const { stdout } = await promisify(execFile)(command, args, { cwd: folder, env, maxBuffer: 2 ** 26 }).catch(
        (error: { readonly stdout: string; readonly stderr: string }) => {
          throw new Error(`${command} ${args.join(' ')} failed:\n${error.stdout}${error.stderr}`)
        },
      )
      return stdout
    },
    serve: (command, ...args) => serve(running, folder, all, command, args),
    async [Symbol.asyncDispose]() {
      for (const child of running) child.kill('SIGKILL')
      await database[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The files that pages show, by the path in the first line of each. */
export function codeOf(names: readonly string[]): Record<string, string> {
  const pages = readPages().filter(({ name }) => names.some((wanted) => name === `docs/use/${wanted}`))
  return Object.fromEntries(
    pages.flatMap(({ blocks }) =>
      blocks.flatMap(({ text }) => {
        const [, file] = /^\/\/ (\S+\.tsx?)\n/.exec(text) ?? []
        return file === undefined ? [] : [[file, `${text}\n`]]
      }),
    ),
  )
}

async function seed(env: Readonly<Record<string, string>>): Promise<string> {
  const db = DatabaseContext.create(parseDatabaseSettings(env))
  try {
    await db.dynamodb.tables.apply()
    const { pg } = db.asService()
    const { id: userId } = await pg.user.create({ data: { email: 'ada@example.com' } })
    const plugin = await pg.plugin.create({
      data: {
        id: 'reviewer',
        name: 'Reviewer',
        displayName: 'Reviewer',
        source: 'github:ada/reviewer',
        version: '1.0.0',
        tier: 'free',
      },
    })
    await pg.usageAggregate.create({ data: { userId, pluginId: plugin.id, period: '2026-11', tokens: TOKENS } })
    return userId
  } finally {
    await db.close()
  }
}

async function serve(
  running: Set<ChildProcess>,
  cwd: string,
  env: NodeJS.ProcessEnv,
  command: string,
  args: readonly string[],
): Promise<Served> {
  const port = await freePort()
  const child = spawn(command, args, { cwd, env: { ...env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const get = (route: string, userId?: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${route}`, { headers: userId === undefined ? {} : { 'x-user-id': userId } })
  for (;;) {
    const answered = await get('/ready').catch(() => undefined)
    if (answered?.status === 200) break
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}:\n${output}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    get,
    async stop() {
      child.kill('SIGTERM')
      const code = await ended
      running.delete(child)
      return code
    },
  }
}

/** A port that is free at this moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
