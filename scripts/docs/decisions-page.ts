import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** What the decisions are about, and their numbers: single ones, and ranges whose ends count. */
const subjects: readonly {
  readonly subject: string
  readonly numbers: readonly (number | readonly [number, number])[]
}[] = [
  {
    subject: 'The repository: packages, build, tests',
    numbers: [1, 2, 10, 11, 90, 95, 97, 98, 100, 153, 154],
  },
  { subject: 'The embedded stack', numbers: [6, 89, 96, 123] },
  { subject: 'Tables, values and types', numbers: [3, 4, 24] },
  { subject: 'Connections, health and shutdown', numbers: [[30, 34], 41, 42] },
  { subject: 'Identity and row-level security', numbers: [[50, 58]] },
  { subject: 'Transactions, retries and errors', numbers: [[20, 22], 91, 111] },
  { subject: 'Reads and bulk writes', numbers: [23, 25, 101, 121, [143, 144]] },
  { subject: 'Migrations and their checks', numbers: [5, 40, [80, 88], [92, 94]] },
  { subject: 'DynamoDB: calls, tables, events, agent states, messages', numbers: [[7, 9], [60, 73], 99] },
  { subject: 'What crosses the stores: outbox, relay, streams', numbers: [104, 110, [112, 120]] },
  { subject: 'What is seen: statements, metrics, traces, alerts', numbers: [102, 103, [105, 108]] },
  { subject: "What is kept: partitions, backups, a person's data", numbers: [[124, 134]] },
  { subject: 'Reads that scale: replicas, tokens, cache', numbers: [[135, 142]] },
]

/** The index of docs/decisions by subject. */
export function decisionsPage(root: string): string {
  const decisions = readDecisions(root)
  const sections = subjects
    .map(({ subject, numbers }) => ({ subject, found: decisions.filter(({ number }) => holds(numbers, number)) }))
    .filter(({ found }) => found.length > 0)
  return `# Decisions

<!-- Made by \`pnpm docs:generate\` from the files of this folder and scripts/docs/decisions-page.ts. -->

For those who change the code: what was decided, what else was considered, and what follows. A new one takes the next free number
and says its context, the decision and its consequences; one that no longer holds is changed or deleted with the code.

${sections
  .map(({ subject, found }) =>
    [`## ${subject}`, ...found.map(({ file, id, title }) => `- [${id}](${file}) ${title}`)].join('\n'),
  )
  .join('\n\n')}
`
}

/** Decisions whose numbers stand under no subject or under two, and files without a title. */
export function decisionProblems(root: string): readonly string[] {
  return readDecisions(root).flatMap(({ file, number, title }) => {
    const places = subjects.filter(({ numbers }) => holds(numbers, number)).length
    return [
      ...(places === 1 ? [] : [`docs/decisions/${file}: give it one subject in scripts/docs/decisions-page.ts`]),
      ...(title ? [] : [`docs/decisions/${file}: the first line must be "# NNNN Title"`]),
    ]
  })
}

const readDecisions = (root: string) => {
  const folder = path.join(root, 'docs/decisions')
  return readdirSync(folder)
    .filter((file) => /^\d{4}-.*\.md$/.test(file))
    .sort()
    .map((file) => {
      const id = file.slice(0, 4)
      const [heading = ''] = readFileSync(path.join(folder, file), 'utf8').split('\n')
      return { file, id, number: Number(id), title: /^# \d{4} (.+)$/.exec(heading)?.[1] ?? '' }
    })
}

const holds = (numbers: (typeof subjects)[number]['numbers'], number: number): boolean =>
  numbers.some((one) => (typeof one === 'number' ? one === number : one[0] <= number && number <= one[1]))
