import type { ListedBackup } from '@miyabi/backup'
import { size } from '../environment/stack-facts.js'
import { withBackups } from '../environment/with-backups.js'
import { exitCode } from '../terminal/exit-code.js'
import { resultWidth } from '../terminal/output.js'
import { type Column, table } from '../terminal/table.js'
import { command } from '../usage/command.js'

export const backupList = command({
  json: 'one array',
  examples: [
    ['miyabi backup list', 'Prints a table.'],
    ['miyabi backup list --json | jq -r ".[-1].id"', 'Prints the id of the newest one.'],
  ],
  findings: 'A backup is damaged, or none is whole',
  more: 'docs/BACKUP.md',
  busy: 'reading the manifests of the backups',
  run() {
    return withBackups(async ({ target, key }) => {
      const { listBackups } = await import('@miyabi/backup')
      const listed = await listBackups(target, { key })
      const isWrong = !listed.some(({ state }) => state === 'whole') || listed.some(({ state }) => state === 'damaged')
      return {
        code: isWrong ? exitCode.findings : exitCode.clean,
        json: listed.map(facts),
        text: listed.length > 0 ? render(listed) : 'There are no backups.',
      }
    })
  },
})

/** A backup in JSON: the facts of its manifest without the list of its files. */
const facts = ({ manifest, ...listed }: ListedBackup): object => ({
  ...listed,
  ...(manifest && { cut: manifest.cut, postgres: manifest.postgres.tables, dynamodb: manifest.dynamodb.tables }),
})

const COLUMNS: readonly Column[] = [
  { title: 'BACKUP' },
  { title: 'CUT' },
  { title: 'STATE' },
  { title: 'SIZE', align: 'right' },
  { title: 'ROWS', align: 'right' },
  { title: 'ITEMS', align: 'right' },
  { title: 'ENCRYPTED' },
]

function render(listed: readonly ListedBackup[]): string {
  const rows = listed.map(({ id, state, bytes, isEncrypted, manifest }) => ({
    cells: [
      id,
      manifest?.cut.at ?? '-',
      state,
      size(bytes),
      sum(manifest?.postgres.tables.map(({ rows: count }) => count)),
      sum(manifest?.dynamodb.tables.map(({ items }) => items)),
      isEncrypted ? 'yes' : 'no',
    ],
  }))
  return table(COLUMNS, rows, resultWidth())
}

const sum = (counts: readonly number[] | undefined): string =>
  counts === undefined ? '-' : String(counts.reduce((total, count) => total + count, 0))
