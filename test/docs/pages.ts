import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The root of the repository. */
export const root = path.resolve(import.meta.dirname, '../..')

/** One fenced block. */
export interface Block {
  readonly language: string
  readonly text: string
  /** The line of its first line, from 1. */
  readonly line: number
}

/** A Markdown file for people. */
export interface Page {
  /** Relative to the root. */
  readonly name: string
  readonly text: string
  readonly blocks: readonly Block[]
  /** Fenced blocks and code in backticks: what a reader takes literally. */
  readonly code: readonly string[]
  /** Targets of links, as written. */
  readonly links: readonly string[]
  /** The fragments that its headings answer to. */
  readonly anchors: ReadonlySet<string>
}

/** Every page: the front page, all of docs/, and the README of each package. */
export function readPages(): Page[] {
  const docs = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join('docs', name.replaceAll(path.sep, '/')))
  const readmes = [...packageFolders().values()].map((folder) => `${folder}/README.md`)
  return ['README.md', ...docs, ...readmes]
    .filter((name) => existsSync(path.join(root, name)))
    .map((name) => toPage(name, readFileSync(path.join(root, name), 'utf8')))
}

/** The folder of each package of the workspace, relative to the root, by the package's name. */
export function packageFolders(): Map<string, string> {
  const folders = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`),
  )
  return new Map(
    [...folders, 'benchmarks']
      .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
      .map((folder) => [readManifest(folder).name, folder]),
  )
}

/** What is read of a `package.json`. */
export interface Manifest {
  readonly name: string
  readonly packageManager?: string
  readonly scripts?: Readonly<Record<string, string>>
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as Manifest

function toPage(name: string, text: string): Page {
  const blocks: Block[] = []
  const prose: string[] = []
  let open: { language: string; line: number; lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    if (open === undefined && line.startsWith('```')) {
      open = { language: line.slice(3).trim(), line: index + 2, lines: [] }
    } else if (open !== undefined && line.startsWith('```')) {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') })
      open = undefined
    } else if (open === undefined) prose.push(line)
    else open.lines.push(line)
  }
  const rest = prose.join('\n')
  const spans = [...rest.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll('\n', ' '))
  const headings = prose.filter((line) => /^#{1,6} /.test(line)).map((line) => line.replace(/^#+ /, ''))
  return {
    name,
    text,
    blocks,
    code: [...blocks.filter(({ language }) => language !== 'mermaid').map((block) => block.text), ...spans],
    links: [...rest.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
    anchors: new Set(headings.map(anchorOf)),
  }
}

/** As GitHub makes it: lower case, spaces to hyphens, punctuation away. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')
