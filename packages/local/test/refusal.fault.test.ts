import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { acquireStack, LocalError } from '../src/index.js'
import { query } from './support/clients.js'
import { useStackFolder } from './support/stack-folder.js'

const folder = useStackFolder()
const isRoot = process.getuid?.() === 0

async function refusal(start: () => Promise<unknown>): Promise<LocalError> {
  const error = await start().then(
    () => new Error('it started'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(LocalError)
  return error as LocalError
}

describe('data of another PostgreSQL major version', () => {
  it('is rejected, naming both versions, is left unchanged, and can be moved away for new data', async () => {
    await (await acquireStack({ folder })).close()
    const file = path.join(folder, 'data', 'postgres', 'PG_VERSION')
    const ours = readFileSync(file, 'utf8')
    writeFileSync(file, '15\n')
    try {
      const error = await refusal(() => acquireStack({ folder }))
      expect(error).toMatchObject({
        code: 'local.postgres.data_version',
        details: { found: '15', expected: ours.trim() },
      })
      expect(error.message).toMatch(/PostgreSQL 15; the embedded server is PostgreSQL 18\.\d+.*keep.*delete/s)
      expect(readFileSync(file, 'utf8')).toBe('15\n')
    } finally {
      writeFileSync(file, ours)
    }
    const works = async (): Promise<void> => {
      await using stack = await acquireStack({ folder })
      expect(await query(stack.descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    }
    await works()
    writeFileSync(file, '15\n')
    renameSync(path.dirname(file), path.join(folder, 'of-15'))
    await works()
  })

  it('without its passwords is rejected too, and left unchanged', async () => {
    await (await acquireStack({ folder })).close()
    const file = path.join(folder, 'data', 'credentials.json')
    renameSync(file, `${file}.aside`)
    expect(await refusal(() => acquireStack({ folder }))).toMatchObject({ code: 'local.postgres.credentials_missing' })
    expect(existsSync(path.join(folder, 'data', 'postgres', 'PG_VERSION'))).toBe(true)
    renameSync(`${file}.aside`, file)
  })
})

describe('a server that cannot start', () => {
  it('is reported with its last output', async () => {
    await (await acquireStack({ folder })).close()
    const file = path.join(folder, 'data', 'postgres', 'postgresql.conf')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, `${before}\nno_such_setting = on\n`)
    const error = await refusal(() => acquireStack({ folder }))
    expect(error).toMatchObject({
      code: 'local.postgres.start_failed',
      details: { log: expect.stringContaining('no_such_setting') },
    })
    writeFileSync(file, before)
  })
})

describe('a folder without permissions', () => {
  /** No permissions for a while: root could enter anyway. */
  function asNobody(): void {
    if (!isRoot) return
    process.setegid?.(65534)
    process.seteuid?.(65534)
    onTestFinished(() => {
      process.seteuid?.(0)
      process.setegid?.(0)
    })
  }

  it('is named, with what to do', async () => {
    const closed = path.join(folder, 'closed')
    mkdirSync(closed, { mode: isRoot ? 0o700 : 0o500 })
    onTestFinished(() => chmodSync(closed, 0o700))
    asNobody()
    const error = await refusal(() => acquireStack({ folder: path.join(closed, 'stack') }))
    expect(error.code).toBe('local.folder.denied')
    expect(error.message).toContain(closed)
    expect(error.message).toContain('MIYABI_STACK_DIR')
  })

  it('is also named if it belongs to another user who uses it', async () => {
    const foreign = path.join(folder, 'foreign')
    mkdirSync(foreign, { mode: 0o755 })
    writeFileSync(path.join(foreign, 'owner.1.json'), '{}', { mode: 0o000 })
    asNobody()
    expect(await refusal(() => acquireStack({ folder: foreign }))).toMatchObject({ code: 'local.folder.denied' })
  })

  // Only root can change a folder's owner.
  if (isRoot) {
    it('is rejected for root too if another user created it, who may have put anything there', async () => {
      const planted = path.join(folder, 'planted')
      mkdirSync(planted)
      chownSync(planted, 65534, 65534)
      const error = await refusal(() => acquireStack({ folder: planted }))
      expect(error).toMatchObject({ code: 'local.folder.denied', details: { folder: planted } })
      expect(error.message).toContain('belongs to user id 65534')
    })
  }

  it('may also be a file, which is named', async () => {
    const file = path.join(folder, 'file')
    writeFileSync(file, '')
    expect(await refusal(() => acquireStack({ folder: file }))).toMatchObject({ code: 'local.folder.denied' })
  })
})

describe('a full disk', () => {
  it('that fills up while the stack writes is named, and both servers are stopped again', async () => {
    const full = path.join(folder, 'full')
    mkdirSync(full, { mode: 0o755 })
    // Writing to this device gives a real ENOSPC on any machine, without filling one.
    symlinkSync('/dev/full', path.join(full, 'ports.json.new'))
    const error = await refusal(() => acquireStack({ folder: full }))
    expect(error.code).toBe('local.disk.full')
    expect(error.message).toContain(full)
    rmSync(path.join(full, 'ports.json.new'))
    await using stack = await acquireStack({ folder: full })
    expect(await query(stack.descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  // Only root may mount a small disk (and not in every container), so this test exists only then.
  const small = path.join(folder, 'small')
  if (isRoot && process.platform === 'linux' && canMount(small)) {
    it('is detected before anything is written, and reported in figures', async () => {
      onTestFinished(() => void execFileSync('umount', [small]))
      const error = await refusal(() => acquireStack({ folder: path.join(small, 'stack') }))
      expect(error.code).toBe('local.disk.full')
      expect(error.message).toMatch(/\(\d+ MB free, \d+ MB needed to start\)/)
      expect(existsSync(path.join(small, 'stack', 'data', 'postgres'))).toBe(false)
    })
  }
})

function canMount(target: string): boolean {
  try {
    mkdirSync(target)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=755', 'none', target], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('a machine without the DynamoDB engine', () => {
  it('gets PostgreSQL anyway, and is told how to add the engine', async () => {
    const before = process.env.DYNOXIDE_BIN
    process.env.DYNOXIDE_BIN = path.join(folder, 'no-such-binary')
    try {
      await using stack = await acquireStack({ folder })
      expect(stack.descriptor.dynamodb).toEqual({
        unavailable: expect.stringMatching(/DYNOXIDE_BIN.*pnpm add.*DYNAMODB_ENDPOINT/),
      })
      expect(await query(stack.descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    } finally {
      if (before === undefined) delete process.env.DYNOXIDE_BIN
      else process.env.DYNOXIDE_BIN = before
    }
  })

  it('is told that the binary is for another system if it cannot run', async () => {
    const file = path.join(folder, 'dynoxide')
    writeFileSync(file, 'not a program', { mode: 0o755 })
    process.env.DYNOXIDE_BIN = file
    try {
      await using stack = await acquireStack({ folder })
      expect(stack.descriptor.dynamodb).toEqual({
        unavailable: expect.stringContaining('is it built for this system?'),
      })
    } finally {
      delete process.env.DYNOXIDE_BIN
    }
  })
})
