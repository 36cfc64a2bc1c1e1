// Brings every package up to date before a command runs our code: `node scripts/build.mjs [--filter=...]`.
// Silent when there is nothing to say; a long build says that it is under way, a failed one says everything.
import { spawn } from 'node:child_process'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const turbo = path.join(root, 'node_modules/turbo/bin/turbo')
const build = spawn(process.execPath, [turbo, 'run', 'build', '--output-logs=errors-only', ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
  stdio: ['ignore', 'pipe', 'pipe'],
})

let output = ''
for (const stream of [build.stdout, build.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))

const notice = setTimeout(() => process.stderr.write('building the packages ...\n'), 1000)
build.on('close', (code) => {
  clearTimeout(notice)
  if (code !== 0) process.stderr.write(output)
  process.exitCode = code ?? 1
})
