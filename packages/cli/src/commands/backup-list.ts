import type { ListedBackup } from '@miyabi/backup'
import { size } from '../environment/stack-facts.js'
import { withBackups } from '../environment/with-backups.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, style } from '../terminal/output.js'

export const backupList = command({
  name: 'backup list',
  purpose:
    'Lists the backups, oldest first, and what is left of those that never came to their end. Ends with 2 when one of them is damaged or none is whole.',
  options: { json: { type: 'boolean', description: 'Print one JSON array.' } },
  examples: [
    ['pnpm db:backup list', 'a table for people'],
    ['pnpm --silent db:backup list --json | jq -r ".[-1].id"', 'the newest'],
  ],
  run({ args }) {
    return withBackups(async ({ target, key }) => {
      const { listBackups } = await import('@miyabi/backup')
      const listed = await listBackups(target, { key })
      const isWrong = !listed.some(({ state }) => state === 'whole') || listed.some(({ state }) => state === 'damaged')
      if (args.json) print(JSON.stringify(listed.map(facts), undefined, 2))
      else print(listed.length > 0 ? table(listed) : 'There are no backups.')
      return isWrong ? exitCode.findings : exitCode.clean
    })
  },
})

/** One backup for a program: the facts of its manifest, and not the list of its files. */
const facts = ({ manifest, ...listed }: ListedBackup): object => ({
  ...listed,
  ...(manifest && { cut: manifest.cut, postgres: manifest.postgres.tables, dynamodb: manifest.dynamodb.tables }),
})

function table(listed: readonly ListedBackup[]): string {
  const rows = [
    ['BACKUP', 'CUT', 'STATE', 'SIZE', 'ROWS', 'ITEMS', 'ENCRYPTED'],
    ...listed.map(({ id, state, bytes, isEncrypted, manifest }) => [
      id,
      manifest?.cut.at ?? '-',
      state,
      size(bytes),
      sum(manifest?.postgres.tables.map(({ rows: count }) => count)),
      sum(manifest?.dynamodb.tables.map(({ items }) => items)),
      isEncrypted ? 'yes' : 'no',
    ]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row, index) => {
      const line = row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()
      return index === 0 ? style('bold', line) : line
    })
    .join('\n')
}

const sum = (counts: readonly number[] | undefined): string =>
  counts === undefined ? '-' : String(counts.reduce((total, count) => total + count, 0))
