import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * What a Prisma schema says of its tables: the lines with three slashes above a model, by the table's `schema.name`.
 * @param schema a `.prisma` file, or a folder of them.
 */
export function modelDocs(schema: string): Map<string, string> {
  const files = statSync(schema).isDirectory()
    ? readdirSync(schema, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.prisma'))
        .map((name) => path.join(schema, name))
    : [schema]
  return new Map(files.flatMap((file) => docsIn(readFileSync(file, 'utf8'))))
}

function docsIn(text: string): [table: string, doc: string][] {
  return [...text.matchAll(/((?:^[ \t]*\/\/\/.*\n)+)^[ \t]*model\s+(\w+)\s*\{([\s\S]*?)^[ \t]*\}/gm)].map(
    ([, lines = '', model = '', body = '']) => {
      const name = /^\s*@@map\((?:name:\s*)?"([^"]+)"\)/m.exec(body)?.[1] ?? model
      const schema = /^\s*@@schema\("([^"]+)"\)/m.exec(body)?.[1] ?? 'public'
      const doc = lines
        .split('\n')
        .map((line) => line.trim().replace(/^\/\/\/ ?/, ''))
        .filter((line) => !/^\[\w+\]$/.test(line)) // names a type for prisma-json-types-generator
        .join(' ')
        .trim()
      return [`${schema}.${name}`, doc]
    },
  )
}
