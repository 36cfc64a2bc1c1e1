import { utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openBackup } from '../src/format/open-backup.js'
import { listBackups } from '../src/prune/list-backups.js'
import { pruneBackups } from '../src/prune/prune-backups.js'
import { newKey, testFolder, writtenBackup } from './written-backup.js'

const key = newKey()
const DAY_MS = 24 * 60 * 60_000
const NOW = Date.UTC(2026, 5, 30)
const now = (): number => NOW
const content = { tables: { users: ['1', '2'] }, items: ['{}'] }

/** A folder with a backup of each of the last days, oldest first. */
async function backups(days: readonly number[]) {
  const { folder, open, remove } = testFolder()
  onTestFinished(remove)
  const target = await open()
  const ids: string[] = []
  for (const day of days) {
    const { id } = await writtenBackup(target, content, { key, at: new Date(NOW - day * DAY_MS) })
    ids.push(id)
  }
  const left = async (): Promise<string[]> => (await listBackups(target, { key })).map(({ id }) => id)
  return { folder, target, ids, left }
}

describe('pruneBackups', () => {
  it('removes what neither its age nor its place keeps', async () => {
    const { target, ids, left } = await backups([30, 20, 10, 5, 1])
    expect(await pruneBackups(target, { key, keepMs: 7 * DAY_MS, last: 3, now, dryRun: true })).toMatchObject([
      { id: ids[0], why: 'old' },
      { id: ids[1], why: 'old' },
    ])
    expect(await left()).toEqual(ids)
    await pruneBackups(target, { key, keepMs: 7 * DAY_MS, last: 3, now })
    expect(await left()).toEqual(ids.slice(2))
    await pruneBackups(target, { key, keepMs: 7 * DAY_MS, now })
    expect(await left()).toEqual(ids.slice(3))
    await pruneBackups(target, { key, now })
    expect(await left()).toEqual(ids.slice(3))
  })

  it('never removes the last good one, also where newer ones are damaged', async () => {
    const { folder, target, ids, left } = await backups([30, 20, 10, 5])
    await target.remove(`${ids[3]}/postgres/public.users.copy.gz.sealed`)
    writeFileSync(path.join(folder, ids[2] ?? '', 'manifest.sealed'), 'changed')
    expect((await listBackups(target, { key })).map(({ state }) => state)).toEqual([
      'whole',
      'whole',
      'unreadable',
      'damaged',
    ])
    await pruneBackups(target, { key, keepMs: 0, last: 0, now })
    expect(await left()).toEqual(ids.slice(1))
    const [good = ''] = ids.slice(1)
    expect((await openBackup(target, good, { key })).manifest.id).toBe(good)
  })

  it('removes nothing where it cannot tell which are good', async () => {
    const { target, ids, left } = await backups([30, 20])
    await pruneBackups(target, { keepMs: 0, last: 0, now })
    await pruneBackups(target, { key: newKey(), keepMs: 0, last: 0, now })
    expect(await left()).toEqual(ids)
  })

  it('removes what a killed process left, when nothing was written to it for long enough, and not the erasures', async () => {
    const { folder, target, ids, left } = await backups([2, 1])
    await target.remove(`${ids[0]}/manifest.sealed`)
    const partial = path.join(folder, 'erasures.jsonl.0a1b2c3d.partial')
    for (const file of [partial, path.join(folder, 'erasures.jsonl')]) writeFileSync(file, '')
    for (const file of [partial]) utimesSync(file, new Date(NOW), new Date(NOW))
    expect((await listBackups(target, { key })).map(({ state }) => state)).toEqual(['incomplete', 'whole'])
    const later = { key, leftoversAfterMs: DAY_MS, now: () => Date.now() + DAY_MS / 2 }
    await pruneBackups(target, later)
    expect(await left()).toEqual(ids)
    expect(await pruneBackups(target, { ...later, now: () => Date.now() + 2 * DAY_MS })).toMatchObject([
      { id: ids[0], why: 'leftover' },
    ])
    expect(await left()).toEqual(ids.slice(1))
    const files: string[] = []
    for await (const file of target.list('')) files.push(file.key)
    expect(files).toContain('erasures.jsonl')
    expect(files.filter((file) => file.endsWith('.partial'))).toEqual([])
  })

  it('refuses numbers that cannot be', async () => {
    const { target } = await backups([])
    await expect(pruneBackups(target, { last: -1 })).rejects.toMatchObject({ code: 'backup.option_invalid' })
    await expect(pruneBackups(target, { keepMs: Number.NaN })).rejects.toMatchObject({ code: 'backup.option_invalid' })
  })
})
