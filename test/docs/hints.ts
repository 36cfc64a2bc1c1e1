import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'
import { root } from '../workspace.js'
import { commandLinesIn, type Strictness } from './command-lines.js'

/** A command line in a text that the sources print, throw or log. */
export interface Hint {
  readonly file: string
  /** As the text has it, without backticks; `X` stands for what is inserted. */
  readonly line: string
  /** Whether it is between backticks. */
  readonly isMarked: boolean
  readonly strictness: Strictness
}

/** What is printed or thrown comes from these. */
const SOURCES = /^(?:packages\/[^/]+\/src|apps\/demo\/src|scripts)\/.*(?<!\.test|\.d|\.generated)\.(?:ts|mjs)$/

const EXAMPLE = /^(?:[A-Z_]+=\S+ )*miyabi /

/** Every command line in the texts of the sources. */
export function hintsOfSources(): readonly Hint[] {
  return ['packages', 'apps', 'scripts']
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .filter((file) => SOURCES.test(file) && !/node_modules|\/dist\/|\/generated\//.test(file))
    .flatMap((file) => hintsIn(readFileSync(path.join(root, file), 'utf8'), file))
}

/** Every command line in the texts of one source. */
export function hintsIn(source: string, file: string): readonly Hint[] {
  if (!/pnpm |miyabi /.test(source)) return []
  // What settings are for is explained, and what examples are is shown as it works: both are tried elsewhere.
  const strictness = /\/settings\//.test(file) ? 'reference' : 'hint'
  const isExample = (text: string): boolean => file.startsWith('packages/cli/src/commands/') && EXAMPLE.test(text)
  const texts = textsOf(parseSync(file, source).program).filter((text) => !isExample(text))
  return texts.flatMap((text) => {
    const marked = [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
    return [
      ...marked.flatMap(commandLinesIn).map((line) => ({ file, line, isMarked: true, strictness }) as const),
      ...commandLinesIn(text.replaceAll(/`[^`]*`/g, ' ')).map(
        (line) => ({ file, line, isMarked: false, strictness }) as const,
      ),
    ]
  })
}

/** The string literals and templates of a syntax tree. */
function textsOf(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(textsOf)
  if (node === null || typeof node !== 'object') return []
  const { type, value, quasis } = node as {
    readonly type?: string
    readonly value?: unknown
    readonly quasis?: readonly Quasi[]
  }
  if (type === 'Literal') return typeof value === 'string' ? [value] : []
  const own = type === 'TemplateLiteral' ? [(quasis ?? []).map((quasi) => quasi.value.cooked ?? '').join('X')] : []
  return [...own, ...Object.values(node).flatMap(textsOf)]
}

interface Quasi {
  readonly value: { readonly cooked?: string | null }
}
