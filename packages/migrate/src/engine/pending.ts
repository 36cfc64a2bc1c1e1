import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { ApplyMigrationsInput } from '@prisma/schema-engine-wasm'
import { withClient } from '../connection/client.js'
import type { Target } from '../connection/target.js'
import { readHistory } from '../history/history.js'
import { checkUtf8, checkWhole } from '../script/whole.js'

/**
 * Refuses migrations that could not be applied exactly as they would be recorded, before the first of them is recorded
 * as started. Migrations already applied are not checked.
 * @throws {MigrationError} `migrate.not_plain_sql`, `migrate.not_whole`, `migrate.directive_invalid`
 */
export async function checkPending(target: Target, { migrationsList }: ApplyMigrationsInput): Promise<void> {
  const { baseDir, migrationDirectories } = migrationsList
  const applied = await withClient(target.config, (client) => readHistory(client, target.schema))
  const names = new Set(applied.flatMap(({ name, state }) => (state === 'applied' ? [name] : [])))
  for (const { path: name, migrationFile } of migrationDirectories) {
    if (names.has(name) || migrationFile.content.tag !== 'ok') continue
    const file = path.join(baseDir, name, migrationFile.path)
    await checkWhole(migrationFile.content.value, `${migrationFile.path} of ${name}`)
    checkUtf8({ name, notUtf8: isReadAsWritten(file) ? [] : [migrationFile.path] })
  }
}

/** Text that is not UTF-8 comes from the CLI with replacement characters for what it could not read. */
function isReadAsWritten(file: string): boolean {
  try {
    return isUtf8(readFileSync(file))
  } catch {
    return true // the CLI may have read it from another place
  }
}
