import { readFileSync } from 'node:fs'
import type { Environment } from '@miyabi/core'
import { wholeUrl } from '../connection/hidden-urls.js'

/** A one-shot task of the executable: `cli <name>`. */
export const CLI_COMMANDS = ['can-connect-to-database', 'create-database', 'drop-database'] as const
export type CliCommand = (typeof CLI_COMMANDS)[number]

/** What the Prisma CLI requests on the command line. */
export interface Arguments {
  /** Path and text of every schema file. */
  readonly datamodels: [path: string, text: string][]
  readonly url: string | undefined
  readonly shadowDatabaseUrl: string | undefined
  readonly command:
    | { readonly kind: 'rpc' }
    | { readonly kind: 'version' }
    | { readonly kind: 'cli'; readonly name: CliCommand }
}

interface Datasource {
  readonly url?: string
  readonly shadowDatabaseUrl?: string
}

/**
 * Reads the arguments of the native engine: `--datamodels FILE` (repeated), `--datasource JSON`, `--version`, `cli
 * COMMAND`. Options that the WebAssembly build does not use (`--enabled-preview-features`, `--extension-types`) are
 * skipped with their value.
 * @param env holds the complete URLs
 */
export function parseArguments(args: readonly string[], env: Environment): Arguments {
  const datamodels: [string, string][] = []
  let datasource: Datasource = {}
  let command: Arguments['command'] = { kind: 'rpc' }
  const rest = args.flatMap((arg) => (arg.startsWith('--') ? splitOnce(arg) : [arg]))
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--datamodels') {
      const file = rest.shift() ?? ''
      datamodels.push([file, readFileSync(file, 'utf8')])
    } else if (arg === '--datasource') datasource = JSON.parse(rest.shift() ?? '{}') as Datasource
    else if (arg === '--version' || arg === '-V') command = { kind: 'version' }
    else if (arg === 'cli') command = { kind: 'cli', name: cliCommand(rest.shift()) }
    else if (arg.startsWith('--')) rest.shift()
  }
  return {
    datamodels,
    url: datasource.url ? wholeUrl(datasource.url, env) : undefined,
    shadowDatabaseUrl: datasource.shadowDatabaseUrl ? wholeUrl(datasource.shadowDatabaseUrl, env) : undefined,
    command,
  }
}

function splitOnce(arg: string): string[] {
  const at = arg.indexOf('=')
  return at === -1 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)]
}

function cliCommand(name: string | undefined): CliCommand {
  const known = CLI_COMMANDS.find((candidate) => candidate === name)
  if (known === undefined)
    throw new Error(`Unknown command ${JSON.stringify(name)}: expected one of ${CLI_COMMANDS.join(', ')}`)
  return known
}
