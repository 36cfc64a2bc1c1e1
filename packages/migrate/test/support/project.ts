import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'

/** A folder with a Prisma project of its own: a schema, migrations, and a configuration made by `prismaConfig`. */
export interface Project {
  readonly folder: string
  write(file: string, text: string): void
  addMigration(name: string, sql: string): void
  migrationNames(): string[]
  remove(): void
}

export const DATASOURCE = 'datasource db {\n  provider = "postgresql"\n}\n'

export const GENERATOR =
  'generator client {\n  provider = "prisma-client"\n  output   = "../../generated"\n  moduleFormat = "esm"\n}\n'

const packageEntry = pathToFileURL(path.resolve(import.meta.dirname, '../../dist/index.js')).href

const CONFIG = `import { prismaConfig } from '${packageEntry}'

export default prismaConfig({
  root: import.meta.dirname,
  env: process.env,
  args: process.argv.slice(2),
  config: {
    schema: 'prisma/schema',
    migrations: { path: 'prisma/migrations', seed: 'node seed.mjs' },
    typedSql: { path: 'prisma/sql' },
  },
})
`

/** Makes a project whose schema files are `schema`, by name. It goes when the test has ended, or with `remove`. */
export function createProject(schema: Readonly<Record<string, string>>): Project {
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-migrate-'))
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), text)
  }
  write('package.json', '{ "type": "module" }\n')
  write('prisma.config.ts', CONFIG)
  for (const [name, text] of Object.entries(schema)) write(`prisma/schema/${name}`, text)
  const migrations = path.join(folder, 'prisma/migrations')
  return {
    folder,
    write,
    addMigration(name, sql) {
      write('prisma/migrations/migration_lock.toml', 'provider = "postgresql"\n')
      write(`prisma/migrations/${name}/migration.sql`, sql)
    },
    migrationNames: () =>
      readdirSync(migrations, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The same, for one test. */
export function createTestProject(schema: Readonly<Record<string, string>>): Project {
  const project = createProject(schema)
  onTestFinished(() => project.remove())
  return project
}
