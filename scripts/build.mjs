// Brings packages up to date before a command runs our code: `node scripts/build.mjs [turbo's --filter=...]`.
// Silent when there is nothing to say; a long build says that it is under way, a failed one says everything.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const turbo = path.join(root, 'node_modules/turbo/bin/turbo')

/** What can be built: an install with a filter (`pnpm --filter demo start` on a fresh clone) leaves some packages without theirs. */
const installed = ['packages', 'apps', '.']
  .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => path.posix.join(folder, name)))
  .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
  .filter((folder) => existsSync(path.join(root, folder, 'node_modules')))
  .map((folder) => `--filter=./${folder}`)

const filters = process.argv.length > 2 ? process.argv.slice(2) : installed
const build = spawn(process.execPath, [turbo, 'run', 'build', '--output-logs=errors-only', ...filters], {
  cwd: root,
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
  stdio: ['ignore', 'pipe', 'pipe'],
})

let output = ''
for (const stream of [build.stdout, build.stderr]) {
  stream.setEncoding('utf8').on('data', (text) => {
    output += text
  })
}

const notice = setTimeout(() => process.stderr.write('building the packages ...\n'), 1000)
build.on('close', (code) => {
  clearTimeout(notice)
  if (code !== 0) process.stderr.write(output)
  process.exitCode = code ?? 1
})
