import { type Finding, isSet } from '@miyabi/core'
import { createDynamo, parseDynamoSettings } from '@miyabi/dynamo'
import { checkHealth, type PostgresErrorCode, type PostgresHealth, parsePostgresSettings } from '@miyabi/postgres'
import type { CheckGroup } from './group.js'

/** The major versions of PostgreSQL that migrations and tests run on. */
const SUPPORTED = { oldest: 15, newest: 18 }

export const serversGroup: CheckGroup = {
  name: 'servers',
  looksFor: 'servers that do not answer, refuse writes or have an untested version, and logins that are refused',
  run: async ({ env }, signal) => [...(await postgres(env, signal)), ...(await dynamodb(env, signal))],
}

/** The logins of one or several servers; those that are not set are not checked. */
const LOGINS = ['DATABASE_URL', 'DIRECT_DATABASE_URL', 'SERVICE_DATABASE_URL'] as const

async function postgres(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding[]> {
  const set = LOGINS.filter((name) => isSet(env, name))
  const asked = set.filter((name, index) => set.findIndex((other) => env[other] === env[name]) === index)
  return (await Promise.all(asked.map((name) => askAs(name, env, signal)))).flat()
}

async function askAs(name: (typeof LOGINS)[number], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding[]> {
  const health = await healthAs(name, env, signal)
  const { version, problem, reason, remedy = 'check the log of the server' } = health
  const findings: Finding[] = []
  const major = Number.parseInt(version ?? '', 10)
  if (major < SUPPORTED.oldest || major > SUPPORTED.newest) {
    findings.push({
      check: 'servers.postgres.version',
      object: name,
      problem: `PostgreSQL ${version} is not tested; ${SUPPORTED.oldest} to ${SUPPORTED.newest} are`,
      remedy: `use PostgreSQL ${SUPPORTED.newest}`,
    })
  }
  // Migrations and drift have separate groups.
  const isSchema = problem?.startsWith('postgres.migrations.') || problem === 'postgres.schema_mismatch'
  const isLogin = ABOUT_THE_LOGIN.has(problem ?? '')
  const isExpected = isLogin && name === 'DIRECT_DATABASE_URL' // it migrates, and serves no user
  if (reason !== undefined && !isSchema && !isExpected) {
    const check = isLogin ? 'servers.postgres.login' : 'servers.postgres'
    findings.push({ check, object: name, problem: `${reason} (${problem})`, remedy })
  }
  return findings
}

/** Checks a login as its pool does. The migrator has no pool, so its URL replaces the application's. */
async function healthAs(
  name: (typeof LOGINS)[number],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<PostgresHealth> {
  if (name === 'SERVICE_DATABASE_URL') {
    // The application's own URL is checked separately; any URL works here.
    const settings = parsePostgresSettings({ ...env, DATABASE_URL: env['DATABASE_URL'] || env[name] })
    return checkHealth(settings, { signal, role: 'service' })
  }
  const health = await checkHealth(parsePostgresSettings({ ...env, DATABASE_URL: env[name] }), { signal })
  const { reason, remedy } = health
  const named = (text: string): string => text.replaceAll(/\bDATABASE_URL/g, name)
  return {
    ...health,
    ...(reason === undefined ? {} : { reason: named(reason) }),
    ...(remedy === undefined ? {} : { remedy: named(remedy) }),
  }
}

/** Codes of problems for which a login cannot be used: this library or the server rejects it. */
const ABOUT_THE_LOGIN: ReadonlySet<string> = new Set<PostgresErrorCode>([
  'postgres.login.privileged',
  'postgres.login.has_rights',
  'postgres.identity.not_granted',
])

async function dynamodb(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding[]> {
  const settings = parseDynamoSettings(env)
  await using dynamo = createDynamo(settings)
  const { reason, remedy = 'read docs/DATABASE_SETUP_GUIDE.md', missingTables } = await dynamo.health({ signal })
  if (reason === undefined || missingTables !== undefined) return []
  const object = settings.endpoint === undefined ? `AWS ${settings.region}` : 'DYNAMODB_ENDPOINT'
  return [{ check: 'servers.dynamodb', object, problem: reason, remedy }]
}
