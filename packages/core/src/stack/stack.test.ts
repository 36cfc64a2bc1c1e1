import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startMark } from '../process.js'
import { findStack, readStack, STACK_FILE, stackFolder } from './stack.js'

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
  writeFileSync(path.join(folder, STACK_FILE), typeof content === 'string' ? content : JSON.stringify(content), {
    mode: 0o600,
  })

describe('readStack', () => {
  it('returns the descriptor of a stack whose owner is alive', () => {
    write(descriptor)
    expect(readStack(folder)).toEqual(descriptor)
  })

  it('accepts a platform without a DynamoDB engine', () => {
    write({ ...descriptor, dynamodb: { unavailable: 'no binary for this platform' } })
    expect(readStack(folder)?.dynamodb).toEqual({ unavailable: 'no binary for this platform' })
  })

  it("does not accept a process that merely got the owner's number", () => {
    write({ ...descriptor, started: 'at another time' })
    expect(readStack(folder)).toBeUndefined()
    write({ ...descriptor, started: startMark(process.pid) })
    expect(readStack(folder)).toBeDefined()
  })

  it('returns undefined for a file whose owner is gone, a truncated file, or no file', () => {
    write({ ...descriptor, pid: 2 ** 22 + 1 })
    expect(readStack(folder)).toBeUndefined()
    write('{"pid": 1')
    expect(readStack(folder)).toBeUndefined()
    expect(readStack(path.join(folder, 'none'))).toBeUndefined()
  })
})

describe.runIf(process.getuid !== undefined)('a stack that may belong to another user', () => {
  const file = path.join(folder, STACK_FILE)
  const isRoot = process.getuid?.() === 0

  it.each<readonly [what: string, reason: string, plant: () => void]>([
    ['a file that others may write to', 'is writable by other users', () => chmodSync(file, 0o620)],
    ['a folder that everybody may write to', 'is writable by other users', () => chmodSync(folder, 0o777)],
    [
      'a link, wherever it leads',
      'is a link',
      () => {
        renameSync(file, `${file}.real`)
        symlinkSync(`${file}.real`, file)
      },
    ],
    ...(isRoot
      ? ([
          ["another user's file", 'belongs to user id 65534', () => chownSync(file, 65534, 65534)],
          ["another user's folder", 'belongs to user id 65534', () => chownSync(folder, 65534, 65534)],
        ] as const)
      : []),
  ])('is not trusted for %s, and reported', (_what, reason, plant) => {
    write(descriptor)
    plant()
    try {
      expect(findStack(folder)).toEqual({ stack: undefined, distrusted: expect.stringContaining(reason) })
    } finally {
      rmSync(file)
      chmodSync(folder, 0o700)
      if (isRoot) chownSync(folder, 0, 0)
    }
  })

  it('is not trusted for a link to its folder that another user created, but is for one of our own', () => {
    write(descriptor)
    const link = `${folder}-link`
    symlinkSync(folder, link)
    try {
      expect(readStack(link)).toEqual(descriptor)
      if (!isRoot) return
      lchownSync(link, 65534, 65534)
      expect(findStack(link).distrusted).toContain(`${link} belongs to user id 65534`)
    } finally {
      rmSync(link)
    }
  })

  it('is not accepted if its file was moved here from another folder', () => {
    write({ ...descriptor, folder: tmpdir() })
    expect(readStack(folder)).toBeUndefined()
    write({ ...descriptor, folder })
    expect(readStack(folder)).toBeDefined()
  })
})

describe.runIf(process.platform === 'linux')('a zombie', () => {
  it('is not an owner: its servers are gone, whatever its entry in the process table says', async () => {
    // The shell's child is never waited for, because `exec` puts another program in the shell's place before it ends.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
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

  it('is the value of MIYABI_STACK_DIR, relative to the working folder; blank is unset', () => {
    expect(stackFolder('/a/b', { MIYABI_STACK_DIR: '../c' })).toBe(path.resolve('/a/c'))
    expect(stackFolder(folder, { MIYABI_STACK_DIR: ' ' })).toBeUndefined()
  })
})
