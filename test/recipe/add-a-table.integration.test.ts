import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { checkNewMigrations } from '@miyabi/migrate'
import { createTestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDeclared } from '../../packages/migrate/src/new/declared.js'
import { writeMigrations } from '../../packages/migrate/src/new/new-migration.js'
import { isLong } from '../../packages/migrate/test/support/cli.js'
import { schemaDiff } from '../../packages/migrate/test/support/schema-diff.js'
import { designProblems } from '../../scripts/docs/schema-page.js'
import { accessProblems } from '../../scripts/docs/who-can-do-what.js'
import { root } from '../workspace.js'
import { apply, type Edit, isEdit, readGuide } from './guide.js'
import { type Scratch, scratchClone } from './scratch.js'

const steps = readGuide('docs/guides/add-a-table.md')
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'miyabi-recipe-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** As many steps as until a command, which is left out, and those after it. */
function aroundCommand(command: string): [Edit[], Edit[]] {
  const at = steps.findIndex((step) => step.kind === 'run' && step.command.startsWith(command))
  if (at === -1) throw new Error(`the guide has no ${command}`)
  return [steps.slice(0, at).filter(isEdit), steps.slice(at).filter(isEdit)]
}

describe('the guide to a new table', () => {
  it('leads to a migration that deploys, rolls back and is clean, and leaves to people what is named to them', async () => {
    for (const name of ['prisma', 'docs', 'packages/postgres/src', 'packages/postgres/test/row-security']) {
      cpSync(path.join(root, name), path.join(folder, name), { recursive: true })
    }
    mkdirSync(path.join(folder, 'packages/db/src/persons'), { recursive: true })
    for (const name of ['index.ts', 'persons/places.ts'])
      cpSync(path.join(root, 'packages/db/src', name), path.join(folder, 'packages/db/src', name))
    const schema = path.join(folder, 'prisma/schema')
    const texts = (): string[] => readdirSync(schema).map((name) => readFileSync(path.join(schema, name), 'utf8'))
    const [declaring, saying] = aroundCommand('pnpm db:migrate new')
    const was = texts()
    for (const step of declaring) apply(step, folder)

    const diff = await schemaDiff()
    const written = await writeMigrations({
      place: { root: folder, migrations: 'prisma/migrations' },
      name: 'repository_notes',
      forth: await diff(was, texts()),
      back: await diff(texts(), was),
      declared: readDeclared(schema),
      now: new Date(),
    })
    const page = () => readFileSync(path.join(folder, 'docs/DATABASE_DESIGN.md'), 'utf8')
    expect(accessProblems(schema)).toEqual([
      expect.stringContaining(`  repository_notes: { meaning: '...', webUser: {`),
    ])
    expect(designProblems(folder, page())).toEqual([expect.stringContaining('`repository_notes`')])

    for (const step of saying) apply(step, folder)
    expect(designProblems(folder, page())).toEqual([])
    await using database = await createTestDatabase()
    const { lint, tried, notTried } = await checkNewMigrations({
      folder: path.join(folder, 'prisma/migrations'),
      databaseUrl: database.directDatabaseUrl,
      names: written.map(({ name }) => name),
    })
    expect({ notTried, lint }).toEqual({ notTried: undefined, lint: [] })
    expect(tried.flatMap(({ findings }) => findings.map(({ text }) => text))).toEqual([])
    expect(tried.map(({ name }) => name.replace(/^\d+/, ''))).toEqual(['_repository_notes'])
  })
})

// The whole of it takes minutes: an installation, the build, and the tests that a table concerns.
if (isLong) {
  describe('the guide to a new table, in a copy of the repository', () => {
    const copy = () => path.join(folder, 'copy')
    let scratch: Scratch | undefined
    afterAll(() => scratch?.run('pnpm db:down'))

    it('ends with every check of continuous integration green, and every test that a table concerns', () => {
      scratch = scratchClone(copy())
      const { run } = scratch
      for (const step of steps) {
        if (step.kind === 'edit') apply(step, copy())
        else if (step.command !== 'pnpm check') run(step.command)
      }
      const checks = readFileSync(path.join(root, '.ci/run'), 'utf8').matchAll(/^\$pnpm ((?!install|test).*)$/gm)
      for (const [, command = ''] of checks) run(`pnpm ${command}`)
      // Of the tests those in which a table counts; the whole run would run this one.
      run('pnpm test:unit')
      run('pnpm test test/exports test/docs.test test/generated-docs test/table-count')
      run(
        'pnpm test packages/postgres/test/schema packages/postgres/test/row-security packages/postgres/test/errors ' +
          'packages/postgres/test/health packages/postgres/test/migrations packages/migrate/test/backfill/policy',
      )
    }, 3_600_000)
  })
}
