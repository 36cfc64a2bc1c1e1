import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../workspace.js'

/** What a guide has its reader do: change a file, or run a command. */
export type Step =
  | { readonly kind: 'edit'; readonly file: string; readonly where: Where; readonly text: string }
  | { readonly kind: 'run'; readonly command: string }

/** At the end of a file, after the only line that reads so, or in place of lines from one that begins so. */
type Where = { readonly at: 'end' } | { readonly at: 'after' | 'in place of'; readonly line: string }

/**
 * Reads the steps of a guide, in order. A block of shell is commands; any other belongs to the sentence above it, which
 * says where it goes:
 *
 * - In `FILE`, at the end:
 * - In `FILE`, after `LINE`:
 * - In `FILE`, in place of the lines from `BEGINNING`:
 */
export function readGuide(name: string): Step[] {
  const page = readFileSync(path.join(root, name), 'utf8')
  return page.split(/^## /m).flatMap((section) => {
    const blocks = section.matchAll(/(?:^(?:.*\. )?In `([^`]+)`, (.*):\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm)
    return [...blocks].flatMap(([, file, place = '', language, text = '']): Step[] => {
      if (language === 'sh')
        return text
          .trim()
          .split('\n')
          .map((command) => ({ kind: 'run', command }))
      if (file === undefined) throw new Error(`${name}: no sentence says where this goes: ${text}`)
      return [{ kind: 'edit', file, where: placeOf(place), text }]
    })
  })
}

function placeOf(text: string): Where {
  if (text === 'at the end') return { at: 'end' }
  const [, word, line] = /^(after|in place of the lines? from) `(.+)`$/.exec(text) ?? []
  if (line === undefined) throw new Error(`no place: ${text}`)
  return { at: word === 'after' ? 'after' : 'in place of', line }
}

/** Does what an edit says, below `folder`. */
export function apply({ file: pattern, where, text }: Extract<Step, { kind: 'edit' }>, folder: string): void {
  const [file, ...more] = filesLike(pattern, folder)
  if (file === undefined || more.length > 0) throw new Error(`${pattern} is ${more.length + 1} files`)
  const whole = path.join(folder, file)
  writeFileSync(whole, edited(readFileSync(whole, 'utf8'), where, text, file))
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
  if (where.at === 'end') return `${content.trimEnd()}\n\n${text}`
  const lines = content.split('\n')
  const isIt = (line: string): boolean => (where.at === 'after' ? line === where.line : line.startsWith(where.line))
  const found = lines.flatMap((line, index) => (isIt(line) ? [index] : []))
  const [index] = found
  if (index === undefined || found.length > 1) throw new Error(`${file} has ${found.length} lines ${where.line}`)
  const added = text.trimEnd().split('\n')
  if (where.at === 'after') return lines.toSpliced(index + 1, 0, ...added).join('\n')
  // As far as its paragraph goes; in a table, the row.
  const rest = lines[index]?.startsWith('|') ? 1 : lines.slice(index).indexOf('')
  return lines.toSpliced(index, rest === -1 ? lines.length - index : rest, ...added).join('\n')
}
