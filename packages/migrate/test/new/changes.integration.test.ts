import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NewMigration, writeMigrations } from '../../src/new/new-migration.js'
import { checkNewMigrations } from '../../src/verify/check-new.js'
import { isLong } from '../support/cli.js'
import { schemaDiff } from '../support/schema-diff.js'
import { servers } from '../support/servers.js'
import { CHANGES, type Change, START } from './changes.js'

/** What was there before: tables with rows and a role for their owner, one of them partitioned. */
const BASE = readFileSync(path.join(import.meta.dirname, 'base.sql'), 'utf8')
const DOCS = new Map([['public.tags', "What people call things; one's own."]])
const ROWS = readFileSync(path.join(import.meta.dirname, 'base-rows.sql'), 'utf8')

const PREVIEW =
  'generator client {\n  provider = "prisma-client"\n  output = "x"\n  previewFeatures = ["postgresqlExtensions"]\n}\n'
const whole = (schema: string): readonly string[] => [PREVIEW + schema]

interface Outcome {
  readonly change: Change
  readonly written: readonly NewMigration[]
}

describe('new, for one change after the other', () => {
  let root = ''
  const outcomes: Outcome[] = []
  beforeAll(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'miyabi-changes-'))
    const first = path.join(root, 'migrations/20990101000000_base')
    mkdirSync(first, { recursive: true })
    writeFileSync(path.join(first, 'migration.sql'), BASE)
    writeFileSync(path.join(first, 'rows.sql'), ROWS)
    const diff = await schemaDiff()
    let schema = START
    for (const change of CHANGES) {
      const next = change.change(schema)
      const [forth, back] = [await diff(whole(schema), whole(next)), await diff(whole(next), whole(schema))]
      const place = { root, migrations: 'migrations' }
      const written = await writeMigrations({
        place,
        name: change.name,
        forth,
        back,
        declared: { docs: DOCS, views: [] },
        now: new Date(),
      })
      for (const [file, sql] of [
        ['migration.sql', change.byHand?.up],
        ['down.sql', change.byHand?.down],
        ['rows.sql', change.byHand?.rows],
      ] as const) {
        const whole = path.join(root, 'migrations', written[0]?.name ?? '', file)
        if (sql !== undefined) appendFileSync(whole, `${sql}\n`)
      }
      outcomes.push({ change, written })
      schema = next
    }
    writeFileSync(path.join(root, 'migrations/lint-baseline.txt'), '20990101000000_base\n')
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  /** The oldest major in the whole counts: it is tried there in each of the tests of what this is made of. */
  const majors: readonly (keyof typeof servers)[] = isLong ? ['PostgreSQL 18', 'PostgreSQL 15'] : ['PostgreSQL 18']
  it.each(majors)(
    'writes what deploys, rolls back, deploys again and is clean, or what says what to do by hand, on %s',
    async (name) => {
      const server = await servers[name]()
      try {
        const folder = path.join(root, 'migrations')
        const { lint, tried, notTried } = await checkNewMigrations({
          folder,
          databaseUrl: await server.database(),
          names: readdirSync(folder).filter((each) => /^\d/.test(each) && !each.endsWith('_base')),
        })
        expect(notTried).toBeUndefined()
        const toDo = outcomes.map(({ change, written }) => {
          const names = written.map((migration) => migration.name)
          const problems = tried
            .filter((each) => names.includes(each.name))
            .flatMap(({ findings }) => findings.map(({ problem, text }) => `${problem}: ${text}`))
          const rules = lint.filter(({ migration }) => names.includes(migration)).map(({ rule }) => rule)
          return [change.name, [...rules, ...problems]]
        })
        expect(Object.fromEntries(toDo)).toEqual(
          Object.fromEntries(
            CHANGES.map(({ name, toDo = [] }) => [name, toDo.map((text) => expect.stringContaining(text))]),
          ),
        )
      } finally {
        await server.close()
      }
    },
  )
})
