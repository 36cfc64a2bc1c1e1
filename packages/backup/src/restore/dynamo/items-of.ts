import { damaged } from '../../errors/errors.js'
import { type Item, parseItemLine } from '../../format/item-line.js'
import { linesOf } from '../../format/lines.js'
import type { DynamoTable } from '../../format/manifest.js'
import type { OpenedBackup } from '../../format/open-backup.js'
import { RowsHash } from '../../format/rows-hash.js'
import { fileOf } from '../file-of.js'

/** An item with the line that it was read from. */
export interface ReadItem {
  readonly item: Item
  readonly line: Uint8Array
}

/**
 * The items of a table in a backup. That they are complete and unchanged is certain only at the end.
 * @throws {BackupError} `backup.damaged`
 */
export async function* itemsOf(backup: OpenedBackup, table: DynamoTable): AsyncGenerator<ReadItem, void, undefined> {
  const hash = new RowsHash()
  for (const name of table.files) {
    for await (const line of linesOf(backup.read(fileOf(backup.manifest, name)))) {
      hash.add(line)
      yield { item: parseItemLine(line.toString()), line }
    }
  }
  if (hash.rows === table.items && hash.value === table.hash) return
  throw damaged(
    backup.manifest.id,
    table.name,
    `holds ${hash.rows} items that differ from the ${table.items} that were written`,
  )
}
