import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../workspace.js'

/** What a guide has its reader do: change a file, or run a command. */
export type Step =
  | { readonly kind: 'edit'; readonly file: string; readonly where: Where; readonly text: string }
  | { readonly kind: 'run'; readonly command: string }

export type Edit = Extract<Step, { kind: 'edit' }>

export const isEdit = (step: Step): step is Edit => step.kind === 'edit'

/**
 * In a new file, at the end of a file, after the only line that reads so, or at the only line that begins so: before
 * it, in place of it, or in place of it and the lines of its paragraph.
 */
type Where =
  | { readonly at: 'new' | 'end' }
  | { readonly at: 'after' | 'before' | 'line' | 'lines'; readonly line: string }

/** A section of a page, by its heading. */
export interface Section {
  readonly heading: string
  readonly text: string
  readonly steps: readonly Step[]
}

/**
 * Reads the steps of a guide, in order. A block of shell is commands; any other belongs to the sentence above it, which
 * says where it goes; FILE may be a link:
 *
 * - In `FILE`, a new file:
 * - In `FILE`, at the end:
 * - In `FILE`, after `LINE`:
 * - In `FILE`, before `BEGINNING`:
 * - In `FILE`, in place of the line from `BEGINNING`:
 * - In `FILE`, in place of the lines from `BEGINNING`:
 */
export const readGuide = (name: string): Step[] => readSections(name).flatMap(({ steps }) => steps)

/** The same, by section. */
export function readSections(name: string): Section[] {
  const page = readFileSync(path.join(root, name), 'utf8')
  return page.split(/^## /m).map((section) => {
    const blocks = section.matchAll(
      /(?:^(?:.*\. | *)In \[?`([^`]+)`(?:\]\([^)]+\))?, (.*):\n\n)?^(```+)(\w+)\n([\s\S]*?)^\3$/gm,
    )
    const steps = [...blocks].flatMap(([, file, place = '', , language, text = '']): Step[] => {
      if (language === 'sh')
        return text
          .trim()
          .split('\n')
          .map((command) => ({ kind: 'run', command }))
      if (file === undefined) throw new Error(`${name}: no sentence says where this goes: ${text}`)
      return [{ kind: 'edit', file, where: placeOf(place), text }]
    })
    return { heading: section.split('\n', 1)[0] ?? '', text: section, steps }
  })
}

const PLACES = {
  after: 'after',
  before: 'before',
  'in place of the line from': 'line',
  'in place of the lines from': 'lines',
} as const

function placeOf(text: string): Where {
  if (text === 'at the end') return { at: 'end' }
  if (text === 'a new file') return { at: 'new' }
  const [, words = '', line = ''] = /^([a-z ]+) `(.+)`$/.exec(text) ?? []
  if (!Object.hasOwn(PLACES, words)) throw new Error(`no place: ${text}`)
  return { at: PLACES[words as keyof typeof PLACES], line }
}

/** Does what an edit says, below `folder`. @returns the file, relative to it. */
export function apply({ file: pattern, where, text }: Edit, folder: string): string {
  const files = filesLike(pattern, folder)
  const [file] = files
  if (file === undefined || files.length > 1) throw new Error(`${pattern} is ${files.length} files`)
  const whole = path.join(folder, file)
  if (where.at === 'new') {
    if (existsSync(whole)) throw new Error(`${file} is there already`)
    mkdirSync(path.dirname(whole), { recursive: true })
  }
  writeFileSync(whole, where.at === 'new' ? text : edited(readFileSync(whole, 'utf8'), where, text, file))
  return file
}

/** The files that a path means in which one folder may have a star in its name. */
function filesLike(pattern: string, folder: string): string[] {
  const [before, star, ...after] = pattern.split(/(?<=\/)([^/]*\*[^/]*)(?=\/)/)
  if (before === undefined || star === undefined) return [pattern]
  const isIt = new RegExp(`^${star.replaceAll('*', '.*')}$`)
  return readdirSync(path.join(folder, before))
    .filter((name) => isIt.test(name))
    .map((name) => `${before}${name}${after.join('')}`)
}

function edited(content: string, where: Where, text: string, file: string): string {
  if (!('line' in where)) return `${content.trimEnd()}\n\n${text}`
  const lines = content.split('\n')
  const isIt = (line: string): boolean => (where.at === 'after' ? line === where.line : line.startsWith(where.line))
  const found = lines.flatMap((line, index) => (isIt(line) ? [index] : []))
  const [index] = found
  if (index === undefined || found.length > 1) throw new Error(`${file} has ${found.length} lines ${where.line}`)
  // A block that ends with an empty line parts what it adds from what follows.
  const added = text.replace(/\n$/, '').split('\n')
  if (where.at === 'after') return lines.toSpliced(index + 1, 0, ...added).join('\n')
  if (where.at === 'before') return lines.toSpliced(index, 0, ...added).join('\n')
  const rest = where.at === 'line' ? 1 : lines.slice(index).indexOf('')
  return lines.toSpliced(index, rest === -1 ? lines.length - index : rest, ...added).join('\n')
}
