import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { createTestDatabase, sql, type TestDatabase } from '@miyabi/testing'
import { beforeAll, beforeEach, onTestFinished } from 'vitest'
import { schemaEnginePath } from '../../src/prisma/engine-path.js'

/** The engine's answer to one request, as the CLI would read it. */
export interface Answer {
  readonly result?: Record<string, unknown>
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: { readonly is_panic: boolean; readonly message: string; readonly error_code?: string }
  }
}

export interface Engine {
  readonly child: ChildProcessWithoutNullStreams
  /** What the engine asked the CLI to print. */
  readonly printed: readonly string[]
  request(method: string, params?: object): Promise<Answer>
  /** Resolves when the process has ended. */
  readonly exit: Promise<number | null>
  /** Ends its input, as the CLI does when it is done. */
  end(): Promise<number | null>
}

export interface EngineOptions {
  readonly url?: string
  readonly shadowDatabaseUrl?: string
}

/**
 * Starts the executable as the CLI does and speaks its protocol.
 * @param onEnd takes what kills it: when the test has ended, unless said otherwise.
 */
export function startEngine(options: EngineOptions = {}, onEnd: (kill: () => void) => void = onTestFinished): Engine {
  const child = spawn(schemaEnginePath, ['--datasource', JSON.stringify(options)])
  onEnd(() => {
    child.kill('SIGKILL')
  })
  child.stdin.on('error', () => {})
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const printed: string[] = []
  const waiting = new Map<number, (answer: Answer) => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Answer & { id: number; method?: string; params?: { content: string } }
    if (message.method === 'print') printed.push(message.params?.content ?? '')
    else waiting.get(message.id)?.(message)
  })
  let id = 0
  const request = (method: string, params: object = {}): Promise<Answer> =>
    new Promise((resolve) => {
      id += 1
      waiting.set(id, resolve)
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    })
  const end = (): Promise<number | null> => {
    child.stdin.end()
    return exit
  }
  return { child, printed, request, exit, end }
}

/** An engine for all tests of a file, with a database that is empty when each begins. */
export interface SharedEngine extends Pick<Engine, 'request'> {
  readonly url: string
}

/** Starts it before the first test. It holds Prisma's lock on its database from its first migration on. */
export function useSharedEngine(): SharedEngine {
  let database: TestDatabase
  let engine: Engine
  beforeAll(async () => {
    database = await createTestDatabase({ empty: true })
    let kill = (): void => {}
    engine = startEngine({ url: database.directDatabaseUrl }, (end) => {
      kill = end
    })
    return async () => {
      kill()
      await database.drop()
    }
  })
  beforeEach(async () => {
    await sql(database.directDatabaseUrl, 'DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public')
  })
  return {
    get url() {
      return database.directDatabaseUrl
    },
    request: (method, params) => engine.request(method, params),
  }
}

/** Runs a one-shot command of the executable, and reads its log as the CLI does. */
export async function runOneShot(
  command: string,
  url: string,
): Promise<{ exitCode: number | null; code?: string; message?: string }> {
  const child = spawn(schemaEnginePath, ['--datasource', JSON.stringify({ url }), 'cli', command])
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [exitCode, log] = await Promise.all([exit, text(child.stderr)])
  const lines = log.trim().split('\n').slice(1) // the CLI drops the first, and wants JSON of all others
  const entries = lines.map((line) => JSON.parse(line) as LogLine)
  const error = entries.find(({ level, target }) => level === 'ERROR' && target === 'schema_engine::logger')
  if (!error) return { exitCode }
  return { exitCode, code: error.fields.error_code, message: error.fields.message }
}

interface LogLine {
  readonly level: string
  readonly target: string
  readonly fields: { readonly message: string; readonly error_code: string }
}

/** Parameters of the methods that take migrations. */
export function migrationParams(migrations: Readonly<Record<string, string>>): object {
  return {
    migrationsList: {
      baseDir: '/nowhere',
      lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
      shadowDbInitScript: '',
      migrationDirectories: Object.entries(migrations).map(([path, sql]) => ({
        path,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
      })),
    },
    filters: { externalTables: [], externalEnums: [] },
  }
}
