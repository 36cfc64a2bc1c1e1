import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startMark } from '../process.js'
import { readStack, STACK_FILE, stackFolder } from './stack.js'

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-core-'))
afterAll(() => rmSync(folder, { recursive: true }))

const descriptor = {
  pid: process.pid,
  dataDir: folder,
  postgres: {
    version: '18.4',
    port: 1,
    databaseUrl: 'postgresql://a@127.0.0.1:1/x',
    directDatabaseUrl: 'postgresql://m@127.0.0.1:1/x',
    serviceDatabaseUrl: 'postgresql://s@127.0.0.1:1/x',
  },
  dynamodb: { version: '1.2.1', port: 2, endpoint: 'http://127.0.0.1:2' },
}
const write = (content: unknown): void =>
  writeFileSync(path.join(folder, STACK_FILE), typeof content === 'string' ? content : JSON.stringify(content))

describe('readStack', () => {
  it('gives the descriptor of a stack whose owner is alive', () => {
    write(descriptor)
    expect(readStack(folder)).toEqual(descriptor)
  })

  it('takes a platform without a DynamoDB engine', () => {
    write({ ...descriptor, dynamodb: { unavailable: 'no binary for this platform' } })
    expect(readStack(folder)?.dynamodb).toEqual({ unavailable: 'no binary for this platform' })
  })

  it('takes nobody for the owner who only got its number', () => {
    write({ ...descriptor, started: 'at another time' })
    expect(readStack(folder)).toBeUndefined()
    write({ ...descriptor, started: startMark(process.pid) })
    expect(readStack(folder)).toBeDefined()
  })

  it('gives nothing for a file whose owner is gone, a torn file, or no file', () => {
    write({ ...descriptor, pid: 2 ** 22 + 1 })
    expect(readStack(folder)).toBeUndefined()
    write('{"pid": 1')
    expect(readStack(folder)).toBeUndefined()
    expect(readStack(path.join(folder, 'none'))).toBeUndefined()
  })
})

describe.runIf(process.platform === 'linux')('a zombie', () => {
  it('is no owner: its servers are gone, whatever its entry in the process table says', async () => {
    // The shell's child ends at once and is never waited for, because `exec` puts another program in the shell's place.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const pid = Number(String(await once(parent.stdout, 'data')))
      const state = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.charAt(0) ?? ''
      while (state() !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5))
      write({ ...descriptor, pid })
      expect(readStack(folder)).toBeUndefined()
    } finally {
      parent.kill('SIGKILL')
    }
  })
})

describe('stackFolder', () => {
  it('is .miyabi at the root of the workspace, from any folder of it', () => {
    expect(stackFolder(import.meta.dirname, {})).toBe(path.resolve(import.meta.dirname, '../../../../.miyabi'))
  })

  it('is what MIYABI_STACK_DIR says, relative to the working folder; blank is unset', () => {
    expect(stackFolder('/a/b', { MIYABI_STACK_DIR: '../c' })).toBe(path.resolve('/a/c'))
    expect(stackFolder(folder, { MIYABI_STACK_DIR: ' ' })).toBeUndefined()
  })
})
