import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { packageFolders, root } from '../workspace.js'
import type { Page } from './pages.js'

/** Words of others: PostgreSQL's, psql's, Nest's, and a variable of Prisma's that a page says is not honoured. */
const FOREIGN = new Set(['APP_FILTER', 'CURRENT_USER', 'ON_ERROR_STOP', 'PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK'])

/** Where names come from. */
interface Sources {
  /** The text of every source file. */
  readonly ours: string
  /** Prisma's engine, where its codes and variables stand side by side. */
  readonly engine: string
}

function readSources(): Sources {
  const folders = [...packageFolders().values()].flatMap((folder) => [`${folder}/src`, `${folder}/test`])
  const files = [...folders, 'scripts', 'prisma']
    .flatMap((folder) => filesIn(path.join(root, folder)))
    .filter((file) => /\.(ts|mjs|sql)$/.test(file) && !file.includes(`${path.sep}generated${path.sep}`))
  const engine = path.join(root, 'packages/migrate/node_modules/@prisma/schema-engine-wasm/schema_engine_bg.wasm')
  return { ours: files.map((file) => readFileSync(file, 'utf8')).join('\n'), engine: readFileSync(engine, 'latin1') }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name))
  } catch {
    return []
  }
}

const CODE = '(?:postgres|dynamo|db|local|config|core|cli|migrate|testing|demo)(?:\\.[a-z_]+)+'

/** Whether a source has a code, whole or made of a constant beginning and a quoted end: `postgres.pool.${name}`. */
function isCode(name: string, { ours }: Sources): boolean {
  if (ours.includes(`'${name}'`)) return true
  const dot = name.lastIndexOf('.') + 1
  return ours.includes(`\`${name.slice(0, dot)}\${`) && ours.includes(`'${name.slice(dot)}'`)
}

/** Error codes and events, environment variables, and Prisma's codes that pages name and no source has. */
export function unknownNames(pages: readonly Page[]): string[] {
  const sources = readSources()
  const kinds = [
    { kind: 'code', pattern: new RegExp(`(?<=^|[\\s,])${CODE}(?=$|[\\s,])`, 'g'), isKnown: isCode },
    { kind: 'variable', pattern: /(?<![\w.-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g, isKnown: isWord },
    { kind: 'code of Prisma', pattern: /\bP\d{4}\b/g, isKnown: isWord },
  ]
  return pages.flatMap((page) =>
    kinds.flatMap(({ kind, pattern, isKnown }) =>
      [...new Set(page.code.flatMap((code) => code.match(pattern) ?? []))]
        .filter((name) => !isKnown(name, sources) && !FOREIGN.has(name))
        .map((name) => `${page.name}: no source has the ${kind} ${name}`),
    ),
  )
}

function isWord(name: string, { ours, engine }: Sources): boolean {
  return new RegExp(`(?<![A-Z0-9_])${name}(?![A-Z0-9_])`).test(ours) || engine.includes(name)
}
