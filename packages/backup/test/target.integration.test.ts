import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { readKey } from '../src/format/key.js'
import { openBackup } from '../src/format/open-backup.js'
import { parseBackupSettings } from '../src/settings.js'
import { openTarget } from '../src/target/open-target.js'
import type { BackupTarget } from '../src/target/target.js'
import { verifyBackup } from '../src/verify/verify-backup.js'
import { startStore, type TestStore } from './s3.js'
import { newKey, testFolder, writtenBackup } from './written-backup.js'

async function* bytes(...parts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part as string)
}

async function* failing(): AsyncGenerator<Buffer> {
  yield randomBytes(9 * 2 ** 20)
  throw new Error('the source ended')
}

const keysOf = async (target: BackupTarget, prefix = ''): Promise<string[]> => {
  const keys: string[] = []
  for await (const { key } of target.list(prefix)) keys.push(key)
  return keys.sort()
}

const textOf = async (target: BackupTarget, key: string): Promise<string | undefined> => {
  const found = await target.get(key)
  return found && (await buffer(found)).toString()
}

let store: TestStore
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.close())

const own = testFolder()
afterAll(own.remove)

describe.each([
  ['a folder', () => openTarget({ target: own.folder })],
  ['S3', () => openTarget({ target: `s3://${store.bucket}/some/prefix/`, s3Endpoint: store.endpoint })],
])('a target in %s', (_, open) => {
  let target: BackupTarget
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())

  it('gives back what was put, lists it by its beginning, and removes it', async () => {
    const large = randomBytes(20 * 2 ** 20)
    await target.put('one/a/b', bytes('x', 'y'))
    await target.put('one/empty', bytes())
    await target.put('two', bytes(large.subarray(0, 12_345_678), large.subarray(12_345_678)))
    expect(await textOf(target, 'one/a/b')).toBe('xy')
    expect(await textOf(target, 'one/empty')).toBe('')
    expect((await buffer((await target.get('two')) ?? bytes())).equals(large)).toBe(true)
    expect(await target.get('three')).toBeUndefined()
    expect(await target.get('one')).toBeUndefined()
    expect(await keysOf(target)).toEqual(['one/a/b', 'one/empty', 'two'])
    expect(await keysOf(target, 'one/')).toEqual(['one/a/b', 'one/empty'])
    expect(await keysOf(target, 'nothing/')).toEqual([])
    for (const key of ['one/a/b', 'one/empty', 'two', 'three']) await target.remove(key)
    expect(await keysOf(target)).toEqual([])
  })

  it('has nothing of a file whose source fails, and passes on why', async () => {
    await expect(target.put('half', failing())).rejects.toThrow('the source ended')
    expect(await keysOf(target)).toEqual([])
  })

  it('holds a backup that can be verified, encrypted or not', async () => {
    const key = newKey()
    const content = { tables: { users: ['1\tone', '2\ttwo'] }, items: ['{}'] }
    const { id } = await writtenBackup(target, content, { key })
    expect(await verifyBackup(target, id, { key })).toMatchObject({ faults: [] })
    await expect(openBackup(target, id)).rejects.toMatchObject({ code: 'backup.key_missing' })
    await expect(openBackup(target, id, { key: newKey() })).rejects.toMatchObject({ code: 'backup.key_wrong' })
    const open = await writtenBackup(target, content)
    expect(await verifyBackup(target, open.id)).toMatchObject({ faults: [] })
    await expect(openBackup(target, open.id, { key })).rejects.toMatchObject({ code: 'backup.plain_refused' })
    await target.remove(`${open.id}/manifest.json`)
    await expect(openBackup(target, open.id)).rejects.toMatchObject({ code: 'backup.incomplete' })
    await expect(openBackup(target, 'x')).rejects.toMatchObject({ code: 'backup.unknown' })
  })
})

describe('a target in S3', () => {
  it('is told from a bucket that is not there, and a server that is out of reach', async () => {
    await expect(openTarget({ target: 's3://nothing/x', s3Endpoint: store.endpoint })).rejects.toMatchObject({
      code: 'backup.target_missing',
      message: expect.stringContaining('s3://nothing/x'),
    })
    await expect(openTarget({ target: 's3://backups', s3Endpoint: 'http://127.0.0.1:9' })).rejects.toMatchObject({
      code: 'backup.target_missing',
    })
  })
})

describe('a target in a folder', () => {
  it('can be entered by its owner alone, and so can its files', async () => {
    const { folder, open, remove } = testFolder()
    onTestFinished(remove)
    mkdirSync(folder, { mode: 0o755 })
    chmodSync(folder, 0o755)
    const target = await open()
    await target.put('a/b', bytes('x'))
    const modes = ['', 'a', 'a/b'].map((name) => statSync(path.join(folder, name)).mode & 0o777)
    expect(modes).toEqual([0o700, 0o700, 0o600])
  })

  it('is not made where its parent is not there: a disk that is not mounted', async () => {
    await expect(openTarget({ target: '/nowhere/at/all' })).rejects.toMatchObject({ code: 'backup.target_missing' })
  })

  it('is told to have vanished, also in the middle of a file, and is not made anew', async () => {
    const { folder, open, remove } = testFolder()
    onTestFinished(remove)
    const target = await open()
    await target.put('a', bytes('x'))
    async function* vanishing(): AsyncGenerator<Buffer> {
      yield Buffer.from('x')
      rmSync(folder, { recursive: true })
    }
    const gone = { code: 'backup.target_missing', effect: 'none' }
    await expect(target.put('b', vanishing())).rejects.toMatchObject(gone)
    await expect(target.put('c', bytes('x'))).rejects.toMatchObject(gone)
    await expect(target.get('a')).rejects.toMatchObject(gone)
    await expect(keysOf(target)).rejects.toMatchObject(gone)
    expect(existsSync(folder)).toBe(false)
  })

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'tells that the disk is full, keeps what is there, and leaves nothing of the file',
    async () => {
      const disk = mkdtempSync(path.join(tmpdir(), 'miyabi-full-'))
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
      onTestFinished(() => {
        execFileSync('umount', [disk])
        rmSync(disk, { recursive: true })
      })
      const target = await openTarget({ target: path.join(disk, 'backups') })
      await target.put('small', bytes('kept'))
      await expect(target.put('large', bytes(randomBytes(2 ** 21)))).rejects.toMatchObject({
        code: 'backup.target_full',
        details: { file: 'large' },
      })
      expect(readdirSync(target.name)).toEqual(['small'])
      expect(await textOf(target, 'small')).toBe('kept')
    },
  )
})

describe('the key file', () => {
  const file = (content: Buffer | string, mode = 0o600): string => {
    const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-key-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(path.join(folder, 'key'), content, { mode })
    return path.join(folder, 'key')
  }

  it('has 32 bytes, and is warned of where others may read it', async () => {
    expect((await readKey(file(randomBytes(32)))).warning).toBeUndefined()
    expect((await readKey(file(randomBytes(32), 0o644))).warning).toMatch('chmod 600')
    for (const wrong of ['', randomBytes(31), randomBytes(33), Buffer.alloc(32)]) {
      await expect(readKey(file(wrong))).rejects.toMatchObject({ code: 'backup.key_invalid' })
    }
    await expect(readKey('/nowhere')).rejects.toMatchObject({ code: 'backup.key_invalid' })
  })
})

describe('the settings', () => {
  it.each(['/var/backups', 'backups', 'C:\\backups', 's3://bucket', 's3://my-bucket/a/b/'])(
    'take %s',
    (BACKUP_TARGET) => {
      expect(parseBackupSettings({ BACKUP_TARGET }).target).toBe(BACKUP_TARGET)
    },
  )

  it.each(['s3://', 's3:/bucket', 'https://bucket/x', 's3://B/x'])('refuse %s', (BACKUP_TARGET) => {
    expect(() => parseBackupSettings({ BACKUP_TARGET })).toThrow(expect.objectContaining({ code: 'config.invalid' }))
  })
})
