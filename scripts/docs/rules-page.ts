import { type LintRule, lintRules } from '@miyabi/migrate'

/** The page of all rules that `pnpm db:migrate lint` and `pnpm db:doctor` hold migrations and databases to. */
export function rulesPage(): string {
  return `# Rules for migrations

<!-- Made by \`pnpm docs:generate\` from packages/migrate/src: edit it there. -->

\`pnpm db:migrate lint\` holds every new migration to these. A rule about locks says nothing of a table that the same migration makes:
nobody waits for it. Where a finding is meant, a comment in front of the statement or in it answers for it, with its reason:

\`\`\`sql
-- @ignore ban-drop-column: no release since 4.2 reads it
ALTER TABLE users DROP COLUMN nickname;
\`\`\`

## What a migration does
How each statement was judged: [what it does to a table in use](statement-effects.md), tried on PostgreSQL 15 and 18.

${table('migration')}

## What the schema is afterwards
\`pnpm db:doctor\` holds a live database to the same.

${table('schema')}
`
}

const table = (kind: LintRule['kind']): string =>
  [
    '| rule | what must hold |',
    '| --- | --- |',
    ...lintRules.filter((rule) => rule.kind === kind).map(({ name, text }) => `| \`${name}\` | ${text} |`),
  ].join('\n')
