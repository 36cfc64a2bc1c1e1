import { BackupError } from '../errors/errors.js'
import type { BackupTarget } from '../target/target.js'

/** That somebody was erased: a keyed hash of who it was, and when. */
export interface ErasureMark {
  readonly mark: string
  readonly at: string
}

/** Beside the backups, since erasures come after them. */
const FILE = 'erasures.jsonl'

/**
 * All erasures that lie beside the backups. Every one is applied, whenever it was: its time was read before its commit,
 * so that it may lie before the cut and not be in the backup.
 * @throws {BackupError} `backup.erasures_missing`, `backup.erasures_damaged`
 */
export async function readErasureMarks(target: BackupTarget): Promise<readonly ErasureMark[]> {
  const bytes = await target.get(FILE)
  if (bytes === undefined) {
    throw new BackupError(
      'backup.erasures_missing',
      `${target.name} has no ${FILE}: who was erased since is not known`,
      {
        details: { target: target.name },
        remedy: 'put the file back, or add --without-erasures, and erase them again by hand',
      },
    )
  }
  const parts: Uint8Array[] = []
  for await (const part of bytes) parts.push(part)
  const lines = Buffer.concat(parts).toString().split('\n').filter(Boolean)
  return lines.map((line, index) => {
    const found = parse(line)
    if (found !== undefined) return found
    throw new BackupError(
      'backup.erasures_damaged',
      `${FILE}, line ${index + 1}: is not {"mark": "hexadecimal", "at": "ISO 8601"}`,
      {
        details: { line: index + 1 },
        remedy: 'take the file from another copy of the target',
      },
    )
  })
}

function parse(line: string): ErasureMark | undefined {
  try {
    const { mark, at } = JSON.parse(line) as Partial<ErasureMark>
    const isGood = typeof mark === 'string' && /^[0-9a-f]+$/.test(mark) && typeof at === 'string'
    return isGood ? { mark, at } : undefined
  } catch {
    return undefined
  }
}
