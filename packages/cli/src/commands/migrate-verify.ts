import { MiyabiError } from '@miyabi/core'
import { runPrisma, type VerifiedMigration, verifyMigrations } from '@miyabi/migrate'
import { type MigrationEnvironment, withMigrations } from '../environment/with-migrations.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, say, style } from '../terminal/output.js'

export const verifyCommand = command({
  name: 'migrate verify',
  purpose:
    'Tries every migration in both directions, with rows in the tables, on databases of its own: up, down and up again must give what was there before. Ends with 2 when one does not.',
  options: {
    json: { type: 'boolean', description: 'Print one JSON object.' },
    'skip-seed': { type: 'boolean', description: 'Go without the rows of the seed (`prisma db seed`).' },
  },
  examples: [
    ['pnpm db:migrate verify', 'before a commit, and in continuous integration'],
    ['pnpm --silent db:migrate verify --json | jq ".migrations[].findings"', 'for a program'],
  ],
  run({ args }) {
    return withMigrations(async ({ project, databaseUrl, migrations, signal }) => {
      const verified = await verifyMigrations({
        databaseUrl,
        migrations,
        signal,
        ...(!args['skip-seed'] && { seed: (url: string) => seed(project, url, signal) }),
        onVerified: (migration) => {
          if (!args.json) print(renderVerified(migration))
          else say(`${migration.name} ${migration.findings.length === 0 ? 'ok' : 'has findings'}`)
        },
      })
      const findings = verified.reduce((sum, migration) => sum + migration.findings.length, 0)
      const left = migrations.length - verified.length
      if (args.json) print(JSON.stringify({ migrations: verified, untried: left }, undefined, 2))
      else {
        const untried = left === 0 ? '' : `, ${left} not tried`
        print(
          `${verified.length} migrations tried${untried}: ${findings === 0 ? 'nothing found' : `${findings} found`}`,
        )
      }
      return findings > 0 ? exitCode.findings : exitCode.clean
    })
  },
})

async function seed({ root, env }: MigrationEnvironment['project'], url: string, signal: AbortSignal): Promise<void> {
  const { exitCode, stdout, stderr } = await runPrisma(['db', 'seed'], {
    cwd: root,
    env: { ...env, DATABASE_URL: url, DIRECT_DATABASE_URL: url, NO_COLOR: '1' },
    stdio: 'pipe',
    signal,
  })
  if (exitCode !== 0) throw new MiyabiError('cli.seed_failed', `\`prisma db seed\` failed:\n${stdout}${stderr}`.trim())
}

function renderVerified({ name, ms, tables, findings }: VerifiedMigration): string {
  const seconds = `${(ms / 1000).toFixed(1)} s`
  const facts = style('dim', `${tables} tables, ${seconds}`)
  if (findings.length === 0) return `${style('green', 'ok')}     ${name}  ${facts}`
  return [
    `${style('red', 'wrong')}  ${name}  ${facts}`,
    ...findings.map(({ problem, text }) => `  ${style('yellow', problem)}: ${text.replaceAll('\n', '\n    ')}`),
  ].join('\n')
}
