// Checks the spelling of pages, comments and messages (cspell.json), and that the list of additional words is lower
// case, sorted and without duplicates. Reports words of the list that no text uses any more.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')
const LIST = 'scripts/lint/words.txt'

const cspell = path.join(root, 'node_modules/cspell/bin.mjs')
const args = [cspell, 'lint', '--no-progress', '--no-summary']
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
if (status !== 0) {
  console.error(`Correct the spelling, or add a correct word to ${LIST}`)
  process.exitCode = 1
}

const words = readFileSync(path.join(root, LIST), 'utf8').trimEnd().split('\n')
const sorted = [...new Set(words.map((word) => word.toLowerCase()))].sort()
const isSorted = words.join('\n') === sorted.join('\n')
if (!isSorted) console.error(`${LIST} must be lower case, sorted and unique; expected:\n${sorted.join('\n')}`)

/** The folders of the files in cspell.json. */
const folders = ['packages', 'apps'].flatMap((parent) =>
  readdirSync(path.join(root, parent)).map((name) => path.join(parent, name)),
)
const inside = (folder, pattern) =>
  existsSync(path.join(root, folder))
    ? readdirSync(path.join(root, folder), { recursive: true })
        .filter((name) => pattern.test(name))
        .map((name) => path.join(folder, name))
    : []
const files = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...inside('docs', /\.md$/),
  ...[...folders, 'benchmarks'].flatMap((folder) => [
    ...inside(path.join(folder, 'src'), /\.ts$/),
    path.join(folder, 'README.md'),
  ]),
].filter((name) => existsSync(path.join(root, name)))
const text = files.map((name) => readFileSync(path.join(root, name), 'utf8').toLowerCase()).join('\n')
const unused = sorted.filter((word) => !text.includes(word))
if (unused.length > 0) console.error(`${LIST}: no text contains ${unused.join(', ')}; remove it`)
if (!isSorted) process.exitCode = 1
