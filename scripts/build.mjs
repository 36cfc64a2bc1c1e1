// Builds outdated packages before a command runs our code: `node scripts/build.mjs [turbo's --filter=...]`.
// Silent if there is nothing to build; a long build reports each package as it begins, a failed one prints everything.
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

// `pnpm --filter demo start` on a fresh clone installs only the demo's packages, and pnpm then treats this as a full
// installation: a command of the root completes it. Within an installation (`prepare`) no other one is started.
// biome-ignore lint/suspicious/noUndeclaredEnvVars: pnpm sets the script that it runs; no task of turbo reads it
const needsAll = process.cwd() === root && process.env.npm_lifecycle_event !== 'prepare'
if (needsAll && !folders.every(isInstalled)) {
  process.stderr.write('installing the packages that the demo did not need ...\n')
  // Results belong on stdout (`pnpm -s db:status --json`), so the installation writes to stderr.
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

/** The first second is silent; from then on each package is reported when its build begins. */
let isLong = false
const beganAt = performance.now()
const timer = setTimeout(() => {
  isLong = true
  process.stderr.write('building the packages (once, and after changes) ...\n')
  for (const name of begun) say(name)
}, 1000)
// Elapsed seconds are shown: on a terminal in the line itself, elsewhere in a separate line every 20 seconds.
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
