// Brings packages up to date before a command runs our code: `node scripts/build.mjs [turbo's --filter=...]`.
// Silent when there is nothing to say; a long build says that it is under way, a failed one says everything.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const turbo = path.join(root, 'node_modules/turbo/bin/turbo')

/** The folders of all packages, relative to the root. */
const folders = ['packages', 'apps', '.']
  .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => path.posix.join(folder, name)))
  .filter((folder) => existsSync(path.join(root, folder, 'package.json')))

const isInstalled = (folder) => existsSync(path.join(root, folder, 'node_modules'))

// `pnpm --filter demo start` on a fresh clone installs the demo's packages alone, and from then on pnpm takes that for
// a whole installation: a command of the root completes it. Within an installation (`prepare`) there is none to start.
// biome-ignore lint/suspicious/noUndeclaredEnvVars: pnpm tells which script it runs; no task of turbo reads it
const needsAll = process.cwd() === root && process.env.npm_lifecycle_event !== 'prepare'
if (needsAll && !folders.every(isInstalled)) {
  process.stderr.write('installing the packages that the demo did not need ...\n')
  // Results belong to stdout (`pnpm -s db:status --json`), so the installation speaks on stderr.
  const install = spawn('pnpm install', { cwd: root, shell: true, stdio: ['ignore', 2, 2] })
  const [code] = await once(install, 'close')
  if (code !== 0) process.exit(code ?? 1)
}

const filters =
  process.argv.length > 2 ? process.argv.slice(2) : folders.filter(isInstalled).map((folder) => `--filter=./${folder}`)
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
