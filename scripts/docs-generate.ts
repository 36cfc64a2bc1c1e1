// Generates the pages of docs/ from code. With --check it writes nothing and reports stale pages (exit code 2). In both
// cases it reports what is missing in the pages that are written manually.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { backupSettings } from '@miyabi/backup'
import { renderEnvFile, renderSettingsPage, settingsGroups } from '@miyabi/db'
import { localSettings } from '@miyabi/local'
import { migrateSettings } from '@miyabi/migrate'
import { commandsPage } from './docs/commands-page.js'
import { decisionProblems, decisionsPage } from './docs/decisions-page.js'
import { metricsPage } from './docs/metrics-page.js'
import { pageEndProblems } from './docs/page-ends.js'
import { withFigures } from './docs/readme-figures.js'
import { rulesPage } from './docs/rules-page.js'
import { designProblems, schemaPage, withTablesDiagram } from './docs/schema-page.js'
import { accessProblems, whoCanDoWhatPage } from './docs/who-can-do-what.js'

const root = path.resolve(import.meta.dirname, '..')

const settings = [...settingsGroups, migrateSettings, localSettings, backupSettings]

/** The generated files, each with the function that renders it. */
const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  '.env.example': () => renderEnvFile(settings),
  'docs/decisions/README.md': () => decisionsPage(root),
  'docs/reference/commands.md': commandsPage,
  'docs/reference/settings.md': () => renderSettingsPage(settings),
  'docs/reference/metrics.md': metricsPage,
  'docs/reference/migration-rules.md': rulesPage,
  'docs/reference/schema.md': () => schemaPage(root),
  'docs/reference/who-can-do-what.md': () => whoCanDoWhatPage(path.join(root, 'prisma/schema')),
  // Written manually, except for the figures in the first and the diagram in the second.
  'README.md': () => withFigures(root, readFileSync(path.join(root, 'README.md'), 'utf8')),
  'docs/DATABASE_DESIGN.md': () =>
    withTablesDiagram(root, readFileSync(path.join(root, 'docs/DATABASE_DESIGN.md'), 'utf8')),
}

const check = process.argv.includes('--check')
for (const [name, render] of Object.entries(pages)) {
  const file = path.join(root, name)
  const content = await render()
  if (existsSync(file) && readFileSync(file, 'utf8') === content) continue
  if (check) {
    console.error(`${name} is stale: run pnpm docs:generate`)
    process.exitCode = 2
  } else {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
    console.log(`wrote ${name}`)
  }
}

// Content that cannot be generated.
const problems = [
  ...pageEndProblems(root),
  ...decisionProblems(root),
  ...accessProblems(path.join(root, 'prisma/schema')),
  ...designProblems(root, readFileSync(path.join(root, 'docs/DATABASE_DESIGN.md'), 'utf8')),
]
for (const problem of problems) {
  console.error(problem)
  process.exitCode = 2
}
