import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Contender, Workload } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'
import { ended } from './ended.js'

type Program = 'pg' | 'prisma' | 'ours' | 'ours-context'

/** The time from the start of a process to its first row, and to its exit. */
export function programWorkloads(servers: Servers, userId: string): Workload[] {
  const contenders = (run: (program: Program) => Contender): [Contender, ...Contender[]] => [
    run('prisma'),
    run('ours'),
    run('ours-context'),
    run('pg'),
  ]
  return [
    {
      name: 'first query',
      about:
        'From the start of a Node process to its first row through Prisma: stock Prisma with the same generated client, `createPostgres`, and `DatabaseContext`, which includes DynamoDB. pg, for scale, has no model to load.',
      concurrency: [1],
      single: true,
      contenders: contenders((program) => firstRow(program, servers, userId)),
    },
    {
      name: 'whole process',
      about: 'The same processes from their start to their exit, which closes the pool.',
      concurrency: [1],
      single: true,
      contenders: contenders((program) => ({
        name: nameOf(program),
        run: () => ended(start(program, servers, userId)),
      })),
    },
  ]
}

function firstRow(program: Program, servers: Servers, userId: string): Contender {
  let exit: Promise<void> | undefined
  return {
    name: nameOf(program),
    async run() {
      const child = start(program, servers, userId)
      exit = ended(child)
      // A program that fails prints nothing and exits.
      await Promise.race([once(child.stdout, 'data'), exit])
    },
    after: async () => exit,
  }
}

const names: Readonly<Record<Program, string>> = {
  pg: 'pg',
  prisma: 'Prisma',
  ours: 'ours: createPostgres',
  'ours-context': 'ours: DatabaseContext',
}
const nameOf = (program: Program): string => names[program]

/** Our programs query as a user with the application's login; the others cannot, and use the owner's login. */
function start(program: Program, { databaseUrl, directDatabaseUrl, dynamodbEndpoint }: Servers, userId: string) {
  const url = program.startsWith('ours') ? databaseUrl : directDatabaseUrl
  const file = path.join(import.meta.dirname, '../../../dist/suites/start/programs', `${program}.js`)
  return spawn(process.execPath, [file], {
    env: { ...process.env, DATABASE_URL: url, DYNAMODB_ENDPOINT: dynamodbEndpoint, USER_ID: userId },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
