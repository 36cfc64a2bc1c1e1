import { asTyped } from '@miyabi/core'
import { bold, cyan, heading } from '../terminal/style.js'
import { definitions } from '../terminal/table.js'
import { wrap } from '../terminal/wrap.js'
import type { Command, OwnCommand } from './command.js'
import { labelOf } from './parse.js'
import type { CommandGroup } from './table.js'

/** The meaning of every command's exit codes; a command adds the condition for 2. */
export const EXIT_CODES = {
  clean: 'Done.',
  failed: 'Failed, was interrupted, or could not determine the answer.',
} as const

/** The help text of a command. */
export function commandHelp(path: readonly string[], summary: string, command: Command, width: number): string {
  const name = path.join(' ')
  return sections([
    [undefined, prose([`${summary}.`, ...(command.details ? [command.details] : [])].join('\n'), width)],
    ['USAGE', `  ${cyan(typed(usageOf(name, command)))}`],
    ...(command.kind === 'foreign' ? [] : partsOf(command, width)),
    ['EXAMPLES', examplesOf(command, width)],
    ['EXIT CODES', definitions(exitCodesOf(command), width)],
    ...(command.more ? [[undefined, `Read more: ${command.more}`] as const] : []),
  ])
}

function partsOf({ arguments: named, options }: OwnCommand, width: number): readonly Section[] {
  const args = Object.entries(named).map(([name, { description }]) => [labelOf(name), description] as const)
  return [
    ...(args.length > 0 ? [['ARGUMENTS', definitions(args, width)] as const] : []),
    ['OPTIONS', definitions([...optionsOf({ options }), ['-h, --help', 'Shows this text.']], width)],
  ]
}

/** The options of a command, each with its value, description and default. */
export const optionsOf = ({ options }: Pick<OwnCommand, 'options'>): readonly (readonly [string, string])[] =>
  Object.entries(options).map(([name, option]) => {
    if (option.type === 'flag') return [`--${name}`, option.description]
    const standard = option.default === undefined ? '' : ` Default: ${option.default}.`
    return [`--${name} ${option.type.hint}`, `${option.description}${standard}`]
  })

/** `miyabi tables apply [options]` */
export function usageOf(name: string, command: Command): string {
  if (command.kind === 'foreign') return `miyabi ${name} [arguments]`
  return ['miyabi', name, ...Object.keys(command.arguments).map(labelOf), '[options]'].join(' ')
}

/** Exit codes with their meanings. */
export function exitCodesOf(command: Command): readonly (readonly [string, string])[] {
  if (command.kind === 'foreign') return [['any', 'That of the command that it runs.']]
  const found = command.findings ? ([['2', `${command.findings}.`]] as const) : []
  return [['0', EXIT_CODES.clean], ['1', EXIT_CODES.failed], ...found]
}

function examplesOf({ examples }: Command, width: number): string {
  return examples
    .flatMap(([line, purpose]) => [
      `  ${cyan(typed(line))}`,
      ...wrap(purpose, width - 6).map((part) => `      ${part}`),
    ])
    .join('\n')
}

/** The help text of a group; of all commands, if the path is empty. */
export function groupHelp(path: readonly string[], { summary, commands }: CommandGroup, width: number): string {
  const name = ['miyabi', ...path].join(' ')
  const all = Object.entries(commands).map(([command, entry]) => [command, `${entry.summary}.`] as const)
  const isRoot = path.length === 0
  const more = isRoot ? '`miyabi help <command>`' : `\`${name} <command> --help\``
  return sections([
    [undefined, prose(`${summary}.`, width)],
    ['USAGE', `  ${cyan(typed(`${name} <command> [options]`))}`],
    ['COMMANDS', definitions(all, width)],
    ...(isRoot ? [['OPTIONS', definitions(ROOT_OPTIONS, width)] as const] : []),
    ...(isRoot ? [['EXIT CODES', definitions(ROOT_EXIT_CODES, width)] as const] : []),
    [undefined, wrap(asTyped(`${more} describes one command.`), width).join('\n')],
  ])
}

const ROOT_OPTIONS = [
  ['--json', 'After a command: prints one JSON document on stdout, including errors.'],
  ['-h, --help', 'Shows this text, or after a command its help.'],
  ['-v, --version', 'Prints the version.'],
] as const

const ROOT_EXIT_CODES = [
  ['0', EXIT_CODES.clean],
  ['1', EXIT_CODES.failed],
  ['2', 'Found something: a difference, a missing table, a dead letter.'],
] as const

type Section = readonly [title: string | undefined, text: string]

const sections = (all: readonly Section[]): string =>
  all.map(([title, text]) => (title === undefined ? text : `${heading(title)}\n${text}`)).join('\n\n')

const prose = (text: string, width: number): string =>
  text
    .split('\n')
    .map((line, at) => {
      const lines = wrap(asTyped(line), width)
      return at === 0 ? lines.map(bold).join('\n') : lines.join('\n')
    })
    .join('\n\n')

/** A whole command line in the form that works here. */
const typed = (line: string): string => asTyped(`\`${line}\``).slice(1, -1)
