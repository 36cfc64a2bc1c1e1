import type { Finding } from '@miyabi/core'
import { createDynamo, parseDynamoSettings } from '@miyabi/dynamo'
import { checkHealth, parsePostgresSettings } from '@miyabi/postgres'
import type { CheckGroup } from './group.js'

/** The majors of PostgreSQL that the migrations and the tests are held against. */
const SUPPORTED = { oldest: 15, newest: 18 }

export const serversGroup: CheckGroup = {
  name: 'servers',
  looksFor: 'servers that do not answer, refuse writes, or are of a version that nobody tried',
  run: async ({ env }) => [...(await postgres(env)), ...(await dynamodb(env))],
}

/** The logins of one server or of several; what was not set goes without saying. */
const LOGINS = ['DATABASE_URL', 'DIRECT_DATABASE_URL', 'SERVICE_DATABASE_URL'] as const

async function postgres(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const set = LOGINS.filter((name) => env[name]?.trim())
  const asked = set.filter((name, index) => set.findIndex((other) => env[other] === env[name]) === index)
  return (await Promise.all(asked.map((name) => askAs(name, env)))).flat()
}

async function askAs(name: (typeof LOGINS)[number], env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const health = await checkHealth(parsePostgresSettings({ ...env, DATABASE_URL: env[name] }))
  const { version, problem, reason, remedy = 'see its log' } = health
  const findings: Finding[] = []
  const major = Number.parseInt(version ?? '', 10)
  if (major < SUPPORTED.oldest || major > SUPPORTED.newest) {
    findings.push({
      ...{ check: 'servers.postgres.version', object: name },
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
  return findings
}

async function dynamodb(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const settings = parseDynamoSettings(env)
  await using dynamo = createDynamo(settings)
  const { reason, remedy = 'see docs/DATABASE_SETUP_GUIDE.md', missingTables } = await dynamo.health()
  if (reason === undefined || missingTables !== undefined) return []
  const object = settings.endpoint === undefined ? `AWS ${settings.region}` : 'DYNAMODB_ENDPOINT'
  return [{ check: 'servers.dynamodb', object, problem: reason, remedy }]
}
