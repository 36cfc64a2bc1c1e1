import type pg from 'pg'
import { BackupError } from '../errors/errors.js'
import type { BackupTarget } from '../target/target.js'

/** Stored beside the backups, and in none of them. */
export const ERASURES_FILE = 'erasures.jsonl'

/** Records that the data of a person was erased. */
export interface Erasure {
  /** HMAC-SHA256 of the role and id of the person, in hexadecimal. */
  readonly mark: string
  /** ISO 8601. */
  readonly at: string
}

/**
 * Adds the erasures in the database to the list beside the backups: a backup that is older than an erasure still holds
 * the data, so a restore has to erase it again. Entries are never removed from the list.
 */
export async function copyErasures(target: BackupTarget, client: pg.Client): Promise<void> {
  const known = (await readErasures(target)) ?? []
  const byMark = new Map(known.map((erasure) => [erasure.mark, erasure]))
  for (const erasure of await erasuresOf(client)) {
    const before = byMark.get(erasure.mark)
    if (before === undefined || before.at < erasure.at) byMark.set(erasure.mark, erasure)
  }
  const lines = [...byMark.values()].map(({ mark, at }) => `${JSON.stringify({ mark, at })}\n`)
  await target.put(ERASURES_FILE, once(lines.join('')))
}

/**
 * The list beside the backups; undefined if there is none.
 * @throws {BackupError} `backup.damaged`
 */
export async function readErasures(target: BackupTarget): Promise<readonly Erasure[] | undefined> {
  const bytes = await target.get(ERASURES_FILE)
  if (bytes === undefined) return undefined
  const parts: Uint8Array[] = []
  for await (const part of bytes) parts.push(part)
  const lines = Buffer.concat(parts).toString().split('\n').filter(Boolean)
  return lines.map((line, index) => {
    const erasure = parseErasure(line)
    if (erasure) return erasure
    throw new BackupError('backup.damaged', `Line ${index + 1} of ${ERASURES_FILE} is not an erasure`, {
      details: { backup: '', file: ERASURES_FILE, problem: `line ${index + 1} is not an erasure` },
      remedy: 'repair the line manually: each is {"mark":"...","at":"..."}',
    })
  })
}

function parseErasure(line: string): Erasure | undefined {
  try {
    const { mark, at } = JSON.parse(line) as Partial<Record<'mark' | 'at', unknown>>
    if (typeof mark !== 'string' || !/^[0-9a-f]{64}$/.test(mark)) return undefined
    return typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? { mark, at } : undefined
  } catch {
    return undefined
  }
}

async function erasuresOf(client: pg.Client): Promise<readonly Erasure[]> {
  const { rows: found } = await client.query<{ exists: boolean }>(
    "SELECT to_regclass('public.erasures') IS NOT NULL AS exists",
  )
  if (!found[0]?.exists) return []
  const { rows } = await client.query<{ mark: string; at: Date }>('SELECT mark, at FROM public.erasures ORDER BY at')
  return rows.map(({ mark, at }) => ({ mark, at: at.toISOString() }))
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
