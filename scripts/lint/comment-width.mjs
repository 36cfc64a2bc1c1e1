// Limits comments to the width of the code. Part of `pnpm lint`: the formatter does not change comments. A line that
// cannot be broken, such as a long URL or a row of a table, may be longer.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')
const { lineWidth } = JSON.parse(readFileSync(path.join(root, 'biome.json'), 'utf8')).formatter

const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '*.ts', '*.mts', '*.mjs']
const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)
const COMMENT = /^\s*(?:\/\/|\/?\*+)\s+(?<text>.*)$/

let found = 0
for (const file of files) {
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n')
  for (const [index, line] of lines.entries()) {
    if (line.length <= lineWidth) continue
    const text = COMMENT.exec(line)?.groups?.text
    const canBreak =
      text !== undefined && !text.startsWith('|') && !/^\S+$/.test(text) && !/biome-ignore|@ts-/.test(text)
    if (!canBreak) continue
    found += 1
    console.error(`${file}:${index + 1}: a comment of ${line.length} columns; at most ${lineWidth}`)
  }
}
if (found > 0) process.exitCode = 1
