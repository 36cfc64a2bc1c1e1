import type { Effect } from './measure.js'
import type { Tried } from './statements.js'

/** A statement with what became of it on each major, by number, and the rules that lint names. */
export interface Row extends Tried {
  readonly group: string
  readonly effects: Readonly<Record<15 | 18, Effect>>
  readonly rules: readonly string[]
}

/** The page of what each statement does, and what lint says of it. */
export function effectsPage(rows: readonly Row[]): string {
  const groups = [...new Set(rows.map(({ group }) => group))]
  return `# What statements do to a table in use

<!-- Made by a test that runs every statement: packages/migrate/test/lint/effects. \`vitest -u\` writes it anew. -->

Tried on PostgreSQL 15 and 18, on tables of a few rows: the lock is the strongest that \`pg_locks\` showed on something that was there, a
rewrite is another \`relfilenode\`, a read of all rows the server's own count. \`pnpm db:migrate lint\` finds what

- rewrites a table, or reads all of it or builds its index under a lock that keeps others from writing (\`SHARE\` and stronger);
- destroys a table, a column, rows or numbers, or takes other things along;
- changes every row at once;
- gives another name to what a release that still runs uses;
- PostgreSQL refuses.

A lock alone is no finding: every \`ALTER TABLE\` takes one, for a moment, and \`lock_timeout\` bounds the wait for it. Where lint says
otherwise, the last column says why. The tables are those of [base.sql](../../packages/migrate/test/lint/effects/base.sql).

${groups
  .map((group) =>
    section(
      group,
      rows.filter((row) => row.group === group),
    ),
  )
  .join('\n\n')}
`
}

const section = (group: string, rows: readonly Row[]): string =>
  [
    `## ${group}`,
    '| statement | lock | what it does | lint |',
    '| --- | --- | --- | --- |',
    ...rows.map(({ sql, since, though, effects, rules }) => {
      const verdict = rules.length === 0 ? '-' : rules.map((rule) => `\`${rule}\``).join(', ')
      const cells = [
        `\`${sql.replaceAll('|', '\\|')}\``,
        both(effects, (effect) => effect.lock || '-', since),
        both(effects, describe, since),
        though === undefined ? verdict : `${verdict}: ${though}`,
      ]
      return `| ${cells.join(' | ')} |`
    }),
  ].join('\n')

function both(effects: Row['effects'], tell: (effect: Effect) => string, since: 18 | undefined): string {
  const [old, now] = [tell(effects[15]), tell(effects[18])]
  if (since !== undefined) return now
  return old === now ? now : `15: ${old}; 18: ${now}`
}

function describe({ rewrites, scans, drops, renames, floods, refused }: Effect): string {
  if (refused !== undefined) return `refused, ${refused}`
  const list = (things: readonly string[]): string =>
    things.length > 4 ? `${things.slice(0, 3).join(', ')} and ${things.length - 3} more` : things.join(', ')
  const parts = [
    rewrites.length > 0 ? `rewrites ${list(rewrites)}` : '',
    scans.length > 0 ? `reads ${list(scans)}` : '',
    floods.length > 0 ? `changes every row of ${list(floods)}` : '',
    drops.length > 0 ? `drops ${list(drops)}` : '',
    renames.length > 0 ? `renames ${list(renames)}` : '',
  ]
  return parts.filter(Boolean).join('; ') || '-'
}
