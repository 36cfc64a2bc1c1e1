import { stripVTControlCharacters, styleText } from 'node:util'
import { asTyped } from '@miyabi/core'

/** Writes a result to stdout. Commands in it are told as they work here. */
export const print = (text: string): void => write(process.stdout, text)

/** Writes what is said along the way, and errors, to stderr. */
export const say = (text: string): void => write(process.stderr, text)

/** Text in a style. `print` and `say` take the style out for a pipe, a file, or `NO_COLOR`. */
export const style = (format: Parameters<typeof styleText>[0], text: string): string =>
  styleText(format, text, { validateStream: false })

/** The title of a part of a help text. */
export const heading = (text: string): string => style(['bold', 'underline'], text)

/** Pairs under each other, the second halves in a column. */
export function inColumns(pairs: Iterable<readonly [string, string]>): string {
  const rows = [...pairs]
  const width = Math.max(...rows.map(([first]) => first.length))
  return rows.map(([first, second]) => `  ${style('cyan', first.padEnd(width))}  ${second}`).join('\n')
}

/** A line that tells a person what is being done: each takes the place of the one before, and the last one goes. */
export interface ProgressLine extends Disposable {
  show(text: string): void
}

/** Shows progress on a terminal; where the stream is none, or there is none, says nothing. */
export function progressLine(stream?: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>): ProgressLine {
  const replace = (text: string): void => {
    if (stream?.isTTY) stream.write(`\r\u001B[K${text}`)
  }
  return { show: replace, [Symbol.dispose]: () => replace('') }
}

function write(stream: NodeJS.WriteStream, text: string): void {
  const isColoured = stream.isTTY && stream.hasColors()
  const typed = asTyped(text)
  stream.write(`${isColoured ? typed : stripVTControlCharacters(typed)}\n`)
}
