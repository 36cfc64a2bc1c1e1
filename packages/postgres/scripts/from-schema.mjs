// Generates modules from prisma/schema: the names of its tables, and the types that it names for columns
// (`/// [Name]`), which domain.ts declares. Part of the build; the results are ignored by git.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const schema = path.resolve(import.meta.dirname, '../../../prisma/schema')
const target = path.resolve(import.meta.dirname, '../src/schema')

const files = readdirSync(schema, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.prisma'))
  .sort()
  .map((name) => readFileSync(path.join(schema, name), 'utf8'))

const tables = files
  .flatMap((text) =>
    [...text.matchAll(/^model (\w+) \{$([\s\S]*?)^\}$/gm)].map(
      ([, model, body]) => /^ *@@map\("(\w+)"\)/m.exec(body)?.[1] ?? model,
    ),
  )
  .sort()

writeFileSync(
  path.join(target, 'tables.generated.ts'),
  `// Written by the build from prisma/schema.

/** The tables that the Prisma client expects, created by the migrations. */
export const tableNames = [
${tables.map((name) => `  '${name}',\n`).join('')}] as const

/** The name of one of these tables. */
export type TableName = (typeof tableNames)[number]
`,
)

const types = [
  ...new Set(files.flatMap((text) => [...text.matchAll(/^ *\/\/\/ \[(\w+)\]$/gm)].map(([, name]) => name))),
]

writeFileSync(
  path.join(target, 'prisma-types.generated.ts'),
  `// Written by the build from prisma/schema.
import type * as domain from './domain.js'

/** The namespace in which the generated client looks up the column types that \`/// [Name]\` sets in prisma/schema. */
declare global {
  namespace PrismaJson {
${types.map((name) => `    type ${name} = domain.${name}\n`).join('')}  }
}
`,
)
