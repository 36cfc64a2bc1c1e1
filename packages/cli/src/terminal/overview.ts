import { heading, inColumns, style } from './output.js'

/** The help text of the whole. */
export function overview(purposes: Iterable<readonly [command: string, purpose: string]>): string {
  return [
    'The embedded stack, Prisma and the DynamoDB tables from one place.',
    '',
    `${heading('USAGE')} ${style('cyan', 'miyabi <command> [options]')}`,
    '',
    heading('COMMANDS'),
    '',
    inColumns(purposes),
    '',
    '`npx miyabi <command> --help` says more. Exit codes: 0 clean, 1 failed or could not tell, 2 found something;',
    '`miyabi prisma` ends as Prisma does.',
  ].join('\n')
}

/** The help text of a command that does several things. */
export function groupOverview(
  name: string,
  purpose: string,
  purposes: Iterable<readonly [action: string, purpose: string]>,
): string {
  return [
    `${purpose} (miyabi ${name})`,
    '',
    `${heading('USAGE')} ${style('cyan', `miyabi ${name} <action> [options]`)}`,
    '',
    heading('ACTIONS'),
    '',
    inColumns(purposes),
    '',
    `\`npx miyabi ${name} <action> --help\` says more.`,
  ].join('\n')
}
