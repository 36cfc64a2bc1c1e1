import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** What `new` reads in a Prisma schema itself, since Prisma's diff does not include it. */
export interface Declared {
  /** The comment on each table, by its `schema.name`. */
  readonly docs: ReadonlyMap<string, string>
  /** Views, as `schema.name`. */
  readonly views: readonly string[]
}

/**
 * @param schema a `.prisma` file, or a folder of them.
 */
export function readDeclared(schema: string): Declared {
  const texts = textsOf(schema)
  return { docs: new Map(texts.flatMap(docsIn)), views: texts.flatMap(viewsIn) }
}

function textsOf(schema: string): string[] {
  const files = statSync(schema).isDirectory()
    ? readdirSync(schema, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.prisma'))
        .map((name) => path.join(schema, name))
    : [schema]
  return files.map((file) => readFileSync(file, 'utf8'))
}

/** The lines with three slashes above a model. */
function docsIn(text: string): [table: string, doc: string][] {
  return [...text.matchAll(/((?:^[ \t]*\/\/\/.*\n)+)^[ \t]*model\s+(\w+)\s*\{([\s\S]*?)^[ \t]*\}/gm)].map(
    ([, lines = '', model = '', body = '']) => {
      const doc = lines
        .split('\n')
        .map((line) => line.trim().replace(/^\/\/\/ ?/, ''))
        .filter((line) => !/^\[\w+\]$/.test(line)) // names a type for prisma-json-types-generator
        .join(' ')
        .trim()
      return [nameIn(body, model), doc]
    },
  )
}

const viewsIn = (text: string): string[] =>
  [...text.matchAll(/^[ \t]*view\s+(\w+)\s*\{([\s\S]*?)^[ \t]*\}/gm)].map(([, view = '', body = '']) =>
    nameIn(body, view),
  )

/** Its name in the database, as `schema.name`. */
function nameIn(body: string, declared: string): string {
  const name = /^\s*@@map\((?:name:\s*)?"([^"]+)"\)/m.exec(body)?.[1] ?? declared
  const schema = /^\s*@@schema\("([^"]+)"\)/m.exec(body)?.[1] ?? 'public'
  return `${schema}.${name}`
}
