import { stripVTControlCharacters } from 'node:util'
import { asTyped, stringifyJson } from '@miyabi/core'
import { clearProgress } from './progress.js'
import { type Stream, showsColor, widthOf } from './stream.js'
import { wrapLines } from './wrap.js'

/** Writes a result to stdout. Commands in it are named in the form that works here. */
export const print = (text: string): void => write(process.stdout, asTyped(text))

/** Writes a result as JSON to stdout; with an indent of 0 on one line. */
export const printJson = (value: unknown, indent = 2): void => print(stringifyJson(value, indent))

/** Writes a note, a warning or an error to stderr, wrapped at the width of the terminal. */
export const say = (text: string): void => write(process.stderr, wrapLines(asTyped(text), widthOf(process.stderr)))

/** Returns the maximum width of a result on stdout. */
export const resultWidth = (): number => widthOf(process.stdout)

function write(stream: Stream, text: string): void {
  clearProgress()
  stream.write(`${showsColor(stream) ? text : stripVTControlCharacters(text)}\n`)
}
