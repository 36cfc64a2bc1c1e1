import path from 'node:path'
import { type CommandDescription, commandReference } from '@miyabi/cli'

/** Where the page is, to which its links are relative. */
const FOLDER = 'docs/reference'

/** The page of all commands. */
export async function commandsPage(): Promise<string> {
  const commands = await commandReference()
  return `# Command line

<!-- Made by \`pnpm docs:generate\` from packages/cli/src: edit it there. -->

For those who run Miyabi DB: every command of \`miyabi\`, with its arguments, options and exit codes. \`miyabi help <command>\` prints the same.

The command is \`npx miyabi\` where the packages are installed. In this repository \`pnpm db:<command>\` is the same (\`pnpm db:tables apply\`), and
\`pnpm prisma\` is \`miyabi prisma\`. Hints name the form that works where they are printed.

## For programs

With \`--json\` a command prints exactly one JSON document on stdout: its result, or \`{ "error": { ... } }\`. \`miyabi maintain --every 1h\` prints one per line.
Progress, notes and the error for people are on stderr, as without \`--json\`, and the exit code is the same. \`pnpm\` needs \`--silent\` in front of the script:
\`pnpm --silent db:status --json\`.

| field of \`error\` | meaning |
| --- | --- |
| \`code\` | the code of the error, such as \`cli.usage\`; \`ENOENT\` and others from the system; \`cli.unexpected\` for a bug |
| \`message\` | what happened |
| \`effect\` | \`none\`: nothing was changed; \`unknown\`: it is not known whether something was |
| \`retryable\` | whether the same command may succeed later |
| \`remedy\`, \`cause\` | what to do, and the error below; absent if unknown |
| \`details\` | facts that depend on the code. Of \`cli.usage\`: \`faults\`, each with \`kind\`, \`name\`, \`problem\` and \`suggestion\` |

Neither has a secret in it.

## For people

Output is colored on a terminal, unless \`NO_COLOR\` is set; \`FORCE_COLOR=1\` colors a pipe, too. Help and errors are wrapped at the width of the terminal.
A table that is too wide becomes one list per row. A step that takes longer than a second is reported on stderr.

## Exit codes

| code | meaning |
| --- | --- |
${commonExitCodes(commands)}
| 2 | Found something; each command says what. |

## Commands

${commands.map(({ name, summary }) => `- [\`miyabi ${name}\`](#miyabi-${name.replaceAll(' ', '-')}): ${summary}`).join('\n')}

${commands.map(section).join('\n\n')}

To add one, declare it in \`packages/cli/src/commands\` and list it in \`packages/cli/src/command-table.ts\`.

Next: [migrations](../MIGRATIONS.md), [operating](../guides/operating.md), [a recipe for a command](../../CONTRIBUTING.md#recipe-a-command).
`
}

function section({ name, summary, details, usage, examples, exitCodes, more, ...command }: CommandDescription): string {
  const parts = [
    `### miyabi ${name}`,
    details === undefined ? summary : `${summary} ${details}`,
    `Usage: \`${usage}\``,
    ...(command.arguments.length > 0 ? [table('argument', command.arguments)] : []),
    ...(command.options.length > 0 ? [table('option', command.options)] : []),
    ...exitCodes.filter((code) => code.name !== '0' && code.name !== '1').map(ending),
    `\`\`\`sh\n${examples.map(({ line, purpose }) => `${line}   # ${purpose}`).join('\n')}\n\`\`\``,
    ...(more === undefined ? [] : [`Read more: [${more}](${linkTo(more)}).`]),
  ]
  return parts.join('\n\n')
}

/** What 0 and 1 mean, for every command. */
const commonExitCodes = ([first]: readonly CommandDescription[]): string =>
  (first?.exitCodes ?? []).map(({ name, description }) => `| ${name} | ${description} |`).join('\n')

const ending = ({ name, description }: CommandDescription['exitCodes'][number]): string =>
  name === '2' ? `Ends with 2 if: ${description}` : `Exit code: ${description}`

const table = (title: string, rows: CommandDescription['options']): string =>
  [
    `| ${title} | meaning |`,
    '| --- | --- |',
    ...rows.map(
      ({ name, description }) => `| \`${name.replaceAll('|', '\\|')}\` | ${description.replaceAll('|', '\\|')} |`,
    ),
  ].join('\n')

const linkTo = (page: string): string => path.posix.relative(FOLDER, page)
