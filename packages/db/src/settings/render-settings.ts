import { renderEnvExample, renderReference, type Settings } from '@miyabi/core'
import { CONNECTION_SUM, DEFAULT_RESERVE, POOL_TIERS } from '@miyabi/postgres/on-demand'

const header = `# Miyabi DB: every setting, each with its default.
#
# None of these is needed for local development: with DATABASE_URL and DYNAMODB_ENDPOINT unset, the embedded stack is used
# (\`pnpm db:up\`). Otherwise copy this file to .env and uncomment what differs: \`pnpm prisma\` reads .env automatically, an app
# does if it is started with \`node --env-file=.env\`. A blank value counts as unset. As a table: docs/reference/settings.md
`

function tiers(): string {
  const thousands = new Intl.NumberFormat('en-US')
  const tierLines = POOL_TIERS.map(({ name, users, maxConnections, minConnections }, index) => {
    const from = POOL_TIERS[index - 1]?.users
    const range = from === undefined ? 'up to' : `${thousands.format(from)} to`
    return `# ${name}, ${range} ${thousands.format(users)} users:
# DB_MAX_CONNECTIONS=${maxConnections}
# DB_MIN_CONNECTIONS=${minConnections}
#`
  })

  return `# ---- Pool size by number of users ${'-'.repeat(57)}

${tierLines.join('\n')}
# These are for one process. All processes together must fit into the server:
#   ${CONNECTION_SUM} <= max_connections - reserved
# The service's pool counts if SERVICE_DATABASE_URL is set; the 1 beside each pool is the connection of its health check, and the
# ${DEFAULT_RESERVE} are for migrations, backups and operators. Set DB_INSTANCES to the number of processes, and a warning at startup
# reports if they do not fit.
# The server itself can hold about (memory in MB / 10) x 0.8 connections.
# A pool that is too big is slower than one that is too small: start small, and raise it if \`stats()\` shows callers waiting
# while the server is idle.
`
}

const credentials = `# ---- AWS credentials ${'-'.repeat(70)}

# On AWS give the process an IAM role (ECS task role, EC2 instance profile, EKS pod identity, Lambda execution role) and set
# nothing here: the SDK finds it, and it expires automatically. From elsewhere use a profile of short-lived credentials:
# AWS_PROFILE=miyabi
#
# Long-lived keys are the last resort, and must never be in a file that git tracks:
# AWS_ACCESS_KEY_ID=
# AWS_SECRET_ACCESS_KEY=
#
# A local server (the embedded one, DynamoDB Local, Alternator) needs none.
`

const security = `# ---- Security checklist for production ${'-'.repeat(52)}

# [ ] NODE_ENV=production, so that a missing DATABASE_URL is an error and no embedded stack is ever used
# [ ] DATABASE_URL is a login that is neither a superuser nor the owner of the tables; migrations run with DIRECT_DATABASE_URL
# [ ] the running application does not have DIRECT_DATABASE_URL in its environment
# [ ] sslmode=verify-full in every URL whose server is on another machine
# [ ] passwords come from a secret store, differ between environments, and are rotated; .env is not in git
# [ ] the server accepts connections from the application's network only
# [ ] DynamoDB: an IAM role limited to the three tables and their indexes; no long-lived keys
# [ ] DynamoDB: encryption with a KMS key, point-in-time recovery and deletion protection are on
# [ ] PostgreSQL: encrypted storage, backups, and a tested restore
`

/**
 * The text of `.env.example`: every setting commented out with its default, tiers, notes on credentials, a checklist.
 */
export function renderEnvFile(groups: readonly Settings[]): string {
  return [header, ...groups.map(renderEnvExample), tiers(), credentials, security].join('\n')
}

/** The text of the settings' reference page, in Markdown. */
export function renderSettingsPage(groups: readonly Settings[]): string {
  return [
    '# Settings',
    '',
    'For anyone who configures an application. Read from the environment by `DatabaseContext.fromEnv()`. All are optional, except `DATABASE_URL` in production. A blank value',
    'counts as unset. An invalid value stops startup with one error that names every fault; no value is',
    'silently corrected. Generated from the schemas in `packages/*/src`; as a file to copy: `.env.example`.',
    '',
    ...groups.map(renderReference),
    'Next: [set-up](../DATABASE_SETUP_GUIDE.md), [operating](../guides/operating.md).',
    '',
  ].join('\n')
}
