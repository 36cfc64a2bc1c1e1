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
${table('migration', 'what must hold')}

## What the schema is afterwards
\`pnpm db:doctor\` holds a live database to the same.

${table('schema', 'what must hold')}

## Squawk
What [squawk](https://squawkhq.com/docs/rules) complains of, and the safe way to do the same. Its rules about taste are off.

${table('squawk', 'the safe way')}
`
}

const table = (kind: LintRule['kind'], heading: string): string =>
  [
    `| rule | ${heading} |`,
    '| --- | --- |',
    ...lintRules.filter((rule) => rule.kind === kind).map(({ name, text }) => `| \`${name}\` | ${text} |`),
  ].join('\n')
