import { randomBytes } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Budget } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BackupError } from '../src/errors/errors.js'
import type { Manifest } from '../src/format/manifest.js'
import type { BackupTarget } from '../src/target/target.js'
import { verifyBackup } from '../src/verify/verify-backup.js'
import { newKey, testFolder, writtenBackup } from './written-backup.js'

const { folder, open, remove } = testFolder()
const key = newKey()
let target: BackupTarget
let encrypted: readonly [older: Manifest, newer: Manifest]
let plain: readonly [older: Manifest, newer: Manifest]

/** So random that files have several chunks of 64 KiB. */
const lines = (count: number): string[] => Array.from({ length: count }, () => randomBytes(150).toString('base64'))
const content = () => ({ tables: { users: lines(2000), none: [] }, items: lines(1500) })

beforeAll(async () => {
  target = await open()
  const two = async (options: { readonly key?: typeof key }) =>
    [
      await writtenBackup(target, content(), { ...options, at: new Date('2026-01-01') }),
      await writtenBackup(target, content(), { ...options, at: new Date('2026-01-02') }),
    ] as const
  encrypted = await two({ key })
  plain = await two({})
})
afterAll(remove)

const CHUNK = 64 * 1024 + 16
const HEADER = 40

/** Each does something to a file that `verify` has to find, and returns whether it did. */
const corruptions: Readonly<Record<string, (file: string, random: () => number, older: string) => boolean>> = {
  'a bit': (file, random) => {
    const bytes = readFileSync(file)
    const at = Math.floor(random() * bytes.length)
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at)
    writeFileSync(file, bytes)
    return true
  },
  'its end, anywhere': (file, random) => {
    const { length } = readFileSync(file)
    truncateSync(file, Math.floor(random() * length))
    return true
  },
  'its end, at the border of a chunk': (file, random) => {
    const chunks = Math.floor((readFileSync(file).length - HEADER - 1) / CHUNK)
    if (chunks < 1) return false
    truncateSync(file, HEADER + CHUNK * (1 + Math.floor(random() * chunks)))
    return true
  },
  'two chunks that change places': (file, random) => {
    const bytes = readFileSync(file)
    const chunks = Math.floor((bytes.length - HEADER) / CHUNK)
    if (chunks < 2) return false
    const first = Math.floor(random() * (chunks - 1))
    const [a, b] = [first, first + 1].map((chunk) => HEADER + chunk * CHUNK) as [number, number]
    const before = Buffer.from(bytes.subarray(a, b))
    bytes.copyWithin(a, b, b + CHUNK)
    before.copy(bytes, b)
    writeFileSync(file, bytes)
    return true
  },
  'bytes behind it': (file, random) => {
    const bytes = readFileSync(file)
    writeFileSync(file, Buffer.concat([bytes, bytes.subarray(0, 1 + Math.floor(random() * 100))]))
    return true
  },
  'that of an older backup': (file, _random, older) => {
    copyFileSync(older, file)
    return true
  },
  'all of it': (file) => {
    rmSync(file)
    return true
  },
}

/** The files of a backup, the manifest among them. */
const filesOf = ({ id }: Manifest): string[] =>
  readdirSync(path.join(folder, id), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(path.join(folder, id), path.join(entry.parentPath, entry.name)))
    .sort()

describe('verifyBackup', () => {
  const verified = ({ id, encryption }: Manifest) =>
    verifyBackup(target, id, encryption === 'none' ? { plain: true } : { key })

  it('finds nothing wrong with a backup that is whole', async () => {
    for (const manifest of [...encrypted, ...plain]) expect((await verified(manifest)).faults).toEqual([])
  })

  const budget = new Budget({ name: 'corruptions of backups', short: 60, longSeconds: 40 })
  it(
    'finds every corruption of every kind of file, and says in which',
    async () => {
      using rounds = budget
      const pick = <T>(from: readonly T[]): T => from[Math.floor(rounds.random() * from.length)] as T
      const missed: string[] = []
      while (rounds.next()) {
        const [older, newer] = pick([encrypted, plain])
        const name = pick(filesOf(newer))
        const kind = pick(Object.keys(corruptions))
        const file = path.join(folder, newer.id, name)
        const whole = readFileSync(file)
        try {
          const isDone = corruptions[kind]?.(file, () => rounds.random(), path.join(folder, older.id, name))
          // An empty table's file is the same in every plain backup.
          if (!isDone || readIfThere(file)?.equals(whole)) continue
          const faults = await verified(newer).then(
            (result) => result.faults.map((fault) => fault.file),
            (error: unknown) => {
              if (error instanceof BackupError) return [error.code]
              throw error
            },
          )
          const isManifest = name.startsWith('manifest')
          if (isManifest ? faults.length === 0 : !faults.includes(name)) missed.push(`${kind} of ${name}: ${faults}`)
        } finally {
          writeFileSync(file, whole)
        }
      }
      expect(missed).toEqual([])
      for (const manifest of [...encrypted, ...plain]) expect((await verified(manifest)).faults).toEqual([])
    },
    budget.timeoutMs,
  )

  it('finds a file that is none of its own', async () => {
    const file = path.join(folder, plain[1].id, 'postgres/public.more.copy.gz')
    writeFileSync(file, '')
    expect((await verified(plain[1])).faults).toMatchObject([
      { file: 'postgres/public.more.copy.gz', problem: 'unexpected' },
    ])
    rmSync(file)
  })
})

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}
