import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { patience } from '@miyabi/testing'

/** The demo as a process of its own, started as `pnpm start` starts it after the build. */
export interface Demo {
  readonly process: ChildProcess
  /** Resolves once the demo has printed `text`. */
  printed(text: string): Promise<void>
  readonly ended: Promise<DemoEnd>
}

export interface DemoEnd {
  /** Null where a signal ended it. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What leads to servers; unset for the demo unless the test says so. */
const URLS = {
  DATABASE_URL: '',
  DIRECT_DATABASE_URL: '',
  SERVICE_DATABASE_URL: '',
  DYNAMODB_ENDPOINT: '',
  DYNAMODB_TABLE_PREFIX: '',
}

export function startDemo(env: Readonly<Record<string, string>>): Demo {
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../dist/main.js')], {
    env: { ...process.env, ...URLS, ...patience, NO_COLOR: '1', NODE_ENV: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += stripVTControlCharacters(text)))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<DemoEnd>((resolve) => {
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr: withoutSlow(stderr) }))
  })
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve()
      }
      child.stdout.on('data', look)
      void ended.then((end) =>
        reject(new Error(`the demo ended without printing ${text}:\n${end.stdout}${end.stderr}`)),
      )
      look()
    })
  return { process: child, printed, ended }
}

/** The table of what a run added and what there is, by kind of row. */
export function readTotals(stdout: string): Record<string, { readonly added: number; readonly total: number }> {
  const rows = [...stdout.matchAll(/^ {2}(\w+) +(\d+) +(\d+)$/gm)]
  return Object.fromEntries(
    rows.map(([, name, added, total]) => [name, { added: Number(added), total: Number(total) }]),
  )
}

/** A folder for an embedded stack of the test's own, removed at the end. */
export function makeStackFolder(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-demo-'))
  chmodSync(folder, 0o755) // a folder that the server's user may not enter would send the data to the cache folder
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

/** On a machine that is busy, statements and health checks are slow, and the demo says so. */
const withoutSlow = (stderr: string): string =>
  stderr.replace(/^warning: (a statement took \d+ ms: |database degraded: .*did not end within ).*\n/gm, '')
