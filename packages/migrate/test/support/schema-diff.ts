import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import { Connections } from '../../src/engine/connections.js'
import { loadEngine } from '../../src/internals/schema-engine.js'
import { Run } from '../../src/script/run.js'

/** Leads from one Prisma schema, as the texts of its files, to another. */
export type SchemaDiff = (from: readonly string[], to: readonly string[]) => Promise<string>

/** Prisma's own comparison, in this process: no command, no database. */
export async function schemaDiff(): Promise<SchemaDiff> {
  const { SchemaEngine } = await loadEngine()
  const connections = bindMigrationAwareSqlAdapterFactory(new Connections(undefined, undefined, new Run()))
  const empty = 'datasource db {\n  provider = "postgresql"\n}\n'
  const engine = await SchemaEngine.new({ datamodels: [['schema.prisma', empty]] }, () => {}, connections)
  const side = (contents: readonly string[]) => ({
    tag: 'schemaDatamodel' as const,
    files: contents.map((content, index) => ({ path: `${index}.prisma`, content })),
  })
  return async (from, to) => {
    const filters = { externalTables: [], externalEnums: [] }
    const { stdout } = await engine.diff({ from: side(from), to: side(to), script: true, exitCode: null, filters })
    return stdout ?? ''
  }
}
