import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { readPrismaSchema } from '../scripts/docs/prisma-schema.js'
import { root } from './workspace.js'

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

/** Rows of tables, values of their columns: what an application names. */
const models = readPrismaSchema(path.join(root, 'prisma/schema')).flatMap(({ tables }) =>
  tables.filter(({ isIgnored }) => !isIgnored).map(({ model }) => model),
)
const domain = [
  ...read('packages/postgres/src/schema/domain.ts').matchAll(/^export (?:const|type|interface) (\w+)/gm),
].map(([, name = '']) => name)

it.each(['packages/postgres/src/index.ts', 'packages/db/src/index.ts'])(
  '%s exports the type of each table, and all of domain.ts',
  (file) => {
    const text = read(file)
    const missing = [...models, ...domain].filter((name) => !new RegExp(`\\b${name},`).test(text))
    expect(missing, `to be added to ${file}`).toEqual([])
  },
)
