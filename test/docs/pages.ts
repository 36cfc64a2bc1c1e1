import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { packageFolders, root } from '../workspace.js'

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

const ROOT = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md']

/** Every page: those of the root, all of docs/, and the README of each package. */
export function readPages(): Page[] {
  const docs = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join('docs', name.replaceAll(path.sep, '/')))
  const readmes = [...packageFolders().values()].map((folder) => `${folder}/README.md`)
  return [...ROOT, ...docs, ...readmes]
    .filter((name) => existsSync(path.join(root, name)))
    .map((name) => toPage(name, readFileSync(path.join(root, name), 'utf8')))
}

export function pageNamed(pages: readonly Page[], name: string): Page {
  const found = pages.find((page) => page.name === name)
  if (found === undefined) throw new Error(`there is no page ${name}`)
  return found
}

function toPage(name: string, text: string): Page {
  const blocks: Block[] = []
  const prose: string[] = []
  let open: { fence: string; language: string; line: number; lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```+/.exec(line)?.[0]
    if (open === undefined && fence !== undefined) {
      open = { fence, language: line.slice(fence.length).trim(), line: index + 2, lines: [] }
    } else if (open !== undefined && fence === open.fence) {
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
