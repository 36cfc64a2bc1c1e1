import { type Finding, isSet } from '@miyabi/core'
import { createDynamo, parseDynamoSettings } from '@miyabi/dynamo'
import { checkHealth, createPostgres, isPostgresError, parsePostgresSettings } from '@miyabi/postgres'
import type { CheckGroup } from './group.js'

/** The majors of PostgreSQL that the migrations and the tests are held against. */
const SUPPORTED = { oldest: 15, newest: 18 }

export const serversGroup: CheckGroup = {
  name: 'servers',
  looksFor:
    'servers that do not answer, refuse writes, or are of a version that nobody tried, and logins that are refused',
  run: async ({ env }, signal) => [...(await postgres(env, signal)), ...(await dynamodb(env, signal))],
}

/** The logins of one server or of several; what was not set goes without saying. */
const LOGINS = ['DATABASE_URL', 'DIRECT_DATABASE_URL', 'SERVICE_DATABASE_URL'] as const

async function postgres(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding[]> {
  const set = LOGINS.filter((name) => isSet(env, name))
  const asked = set.filter((name, index) => set.findIndex((other) => env[other] === env[name]) === index)
  return (await Promise.all(asked.map((name) => askAs(name, env, signal)))).flat()
}

async function askAs(name: (typeof LOGINS)[number], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding[]> {
  const health = await checkHealth(parsePostgresSettings({ ...env, DATABASE_URL: env[name] }), { signal })
  const { version, problem, reason, remedy = 'see its log' } = health
  const findings: Finding[] = []
  const major = Number.parseInt(version ?? '', 10)
  if (major < SUPPORTED.oldest || major > SUPPORTED.newest) {
    findings.push({
      check: 'servers.postgres.version',
      object: name,
      problem: `PostgreSQL ${version}: ${SUPPORTED.oldest} to ${SUPPORTED.newest} are supported, and nothing was tried with this one`,
      remedy: `use PostgreSQL ${SUPPORTED.newest}`,
    })
  }
  // What is applied and what is there have groups of their own.
  const isSchema = problem?.startsWith('postgres.migrations.') || problem === 'postgres.schema_mismatch'
  if (reason !== undefined && !isSchema) {
    const mending = remedy.replaceAll('DATABASE_URL', name)
    findings.push({ check: 'servers.postgres', object: name, problem: `${reason} (${problem})`, remedy: mending })
  }
  if (health.status !== 'down' && !isSchema) findings.push(...(await loginOf(name, env)))
  return findings
}

/** An id that nobody has: to see whether a login may act as people, not what they see. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

/** Of what a call may fail with: what is wrong with its login. */
const ABOUT_THE_LOGIN = [
  'postgres.login.privileged',
  'postgres.login.has_rights',
  'postgres.identity.not_granted',
] as const

/**
 * Whether an application that starts with this login would be refused: by us, for what it may do, or by the server, for
 * what it may not.
 */
async function loginOf(name: (typeof LOGINS)[number], env: NodeJS.ProcessEnv): Promise<Finding[]> {
  if (name === 'DIRECT_DATABASE_URL') return [] // it migrates, and serves nobody
  const settings = { ...parsePostgresSettings({ DATABASE_URL: env[name], ...env }), minConnections: 0 }
  const isService = name === 'SERVICE_DATABASE_URL'
  await using postgres = createPostgres(settings, isService ? { role: 'service' } : {})
  const askers = isService ? [postgres] : [postgres.as({ userId: NOBODY }), postgres.as({ webUserId: NOBODY })]
  for (const asker of askers) {
    try {
      await asker.query('SELECT 1')
    } catch (error) {
      if (!isPostgresError(error, ...ABOUT_THE_LOGIN)) continue
      const { code, message } = error
      return [
        {
          check: 'servers.postgres.login',
          object: name,
          problem: `${message} (${code})`,
          remedy: 'the SQL that it names',
        },
      ]
    }
  }
  return []
}

async function dynamodb(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding[]> {
  const settings = parseDynamoSettings(env)
  await using dynamo = createDynamo(settings)
  const { reason, remedy = 'see docs/DATABASE_SETUP_GUIDE.md', missingTables } = await dynamo.health({ signal })
  if (reason === undefined || missingTables !== undefined) return []
  const object = settings.endpoint === undefined ? `AWS ${settings.region}` : 'DYNAMODB_ENDPOINT'
  return [{ check: 'servers.dynamodb', object, problem: reason, remedy }]
}
