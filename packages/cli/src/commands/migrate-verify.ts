import { MiyabiError } from '@miyabi/core'
import { runPrisma, type VerifiedMigration, verifyMigrations } from '@miyabi/migrate'
import { type MigrationEnvironment, withMigrations } from '../environment/with-migrations.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, say } from '../terminal/output.js'
import { dim, style } from '../terminal/style.js'
import { command } from '../usage/command.js'

export const verifyCommand = command({
  details: 'Up, down and up again must restore the previous state.',
  options: {
    'skip-seed': { type: 'flag', description: 'Does not load the rows of the seed (`prisma db seed`).' },
  },
  json: 'one object',
  examples: [
    ['miyabi migrate verify', 'Runs before a commit, and in continuous integration.'],
    ['miyabi migrate verify --json | jq ".migrations[].findings"', 'Prints the findings for a program.'],
  ],
  findings: 'A migration does not restore the previous state',
  more: 'docs/MIGRATIONS.md',
  busy: 'creating scratch databases',
  run({ args, progress }) {
    return withMigrations(async ({ project, databaseUrl, migrations, signal }) => {
      let done = 0
      const next = (): void =>
        progress.step(`verifying migration ${Math.min(done + 1, migrations.length)} of ${migrations.length}`)
      next()
      const verified = await verifyMigrations({
        databaseUrl,
        migrations,
        signal,
        ...(!args['skip-seed'] && { seed: (url: string) => seed(project, url, signal) }),
        onVerified: (migration) => {
          done += 1
          next()
          if (!args.json) print(renderVerified(migration))
          else say(`${migration.name} ${migration.findings.length === 0 ? 'ok' : 'has findings'}`)
        },
      })
      const findings = verified.reduce((sum, migration) => sum + migration.findings.length, 0)
      const left = migrations.length - verified.length
      const untried = left === 0 ? '' : `, ${left} not verified`
      return {
        code: findings > 0 ? exitCode.findings : exitCode.clean,
        json: { migrations: verified, untried: left },
        text: `${verified.length} migrations verified${untried}: ${findings === 0 ? 'nothing found' : `${findings} found`}`,
      }
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
  const facts = dim(`${tables} tables, ${seconds}`)
  if (findings.length === 0) return `${style('green', 'ok')}     ${name}  ${facts}`
  return [
    `${style('red', 'wrong')}  ${name}  ${facts}`,
    ...findings.map(({ problem, text }) => `  ${style('yellow', problem)}: ${text.replaceAll('\n', '\n    ')}`),
  ].join('\n')
}
