// Brings packages up to date before a command runs our code: `node scripts/build.mjs [turbo's --filter=...]`.
// Silent when there is nothing to build; a long build names each package as it begins, a failed one prints everything.
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
const build = spawn(
  process.execPath,
  [turbo, 'run', 'build', '--output-logs=new-only', '--log-order=stream', ...filters],
  {
    cwd: root,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  },
)

/** @type {string[]} The packages whose build began, in this order. */
const begun = []
let output = ''
for (const stream of [build.stdout, build.stderr]) {
  stream.setEncoding('utf8').on('data', (text) => {
    const known = output.lastIndexOf('\n') + 1
    output += text
    for (const [, name] of output.slice(known).matchAll(/^(\S+): cache miss, executing .*\n/gm)) report(name)
  })
}

/** A second without a word is no wait; from then on each package is named when its build begins. */
let isLong = false
const beganAt = performance.now()
const timer = setTimeout(() => {
  isLong = true
  process.stderr.write('building the packages (once, and after changes) ...\n')
  for (const name of begun) say(name)
}, 1000)
// The seconds are counted: on a terminal in the line itself, elsewhere in a line every 20.
const clock = setInterval(() => isLong && count(), process.stderr.isTTY ? 1000 : 20_000)

function count() {
  if (process.stderr.isTTY) say(begun.at(-1))
  else process.stderr.write(`  still building (${secondsSince(beganAt)} s)\n`)
}

const secondsSince = (time) => Math.floor((performance.now() - time) / 1000)

function report(task) {
  const name = task === '//:generate' ? 'the Prisma client' : task.replace(/:build$/, '')
  begun.push(name)
  if (isLong) say(name)
}

function say(name) {
  if (name === undefined) return
  if (!process.stderr.isTTY) return void process.stderr.write(`  ${name} ...\n`)
  process.stderr.write(`\r\u001B[K  ${name} ... (${begun.length} so far, ${secondsSince(beganAt)} s)`)
}

build.on('close', (code) => {
  clearTimeout(timer)
  clearInterval(clock)
  if (isLong && process.stderr.isTTY) process.stderr.write('\r\u001B[K')
  if (code !== 0) process.stderr.write(output)
  process.exitCode = code ?? 1
})
