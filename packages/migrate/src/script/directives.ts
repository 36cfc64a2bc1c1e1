import { MigrationError } from '../errors/migration-error.js'

/**
 * Directives for our tools in the comments at the top of a script: `-- @limits lock_timeout=5s` and `-- @loses drafts
 * users.nickname`.
 */
export interface Directives {
  /** Server settings that apply while the script runs, for one that cannot set them itself. By name. */
  readonly limits: Readonly<Record<string, string>>
  /**
   * Tables (`drafts`) and columns (`users.nickname`) whose contents the script destroys; those outside `public` with
   * their schema.
   */
  readonly loses: readonly string[]
}

/** The settings that a header may set. */
const LIMITS = ['lock_timeout', 'statement_timeout']

const DURATION = /^(0|[1-9]\d*(ms|s|min|h))$/

/**
 * Reads the comment lines before the first statement of a script.
 * @param file for the message, if the reader has more than one.
 * @throws {MigrationError} `migrate.directive_invalid`
 */
export function readDirectives(script: string, file?: string): Directives {
  const invalid = (found: string, expected: string) => invalidDirective(file, found, expected)
  const limits: Record<string, string> = {}
  const loses: string[] = []
  for (const line of headerLines(script)) {
    const [, word, rest = ''] = /^--\s*@(\S+)\s*(.*)$/.exec(line) ?? []
    if (word === undefined) continue
    const values = rest.split(/[\s,]+/).filter(Boolean)
    if (word === 'loses') loses.push(...values)
    else if (word === 'limits') for (const value of values) Object.assign(limits, toLimit(value, invalid))
    else if (word !== 'ignore') throw invalid(`@${word}`, 'expected @limits, @loses or @ignore') // that one belongs to
    // lint
  }
  return { limits, loses }
}

/** The lines up to the first that is neither blank nor a `--` comment. */
function headerLines(script: string): string[] {
  const lines = script.split('\n').map((line) => line.trim())
  const end = lines.findIndex((line) => line !== '' && !line.startsWith('--'))
  return end === -1 ? lines : lines.slice(0, end)
}

function toLimit(text: string, invalid: (found: string, expected: string) => MigrationError): Record<string, string> {
  const [name = '', value = ''] = text.split('=')
  if (!LIMITS.includes(name)) throw invalid(`@limits ${text}`, `expected ${LIMITS.join(' or ')}`)
  if (!DURATION.test(value)) throw invalid(`@limits ${text}`, 'expected a duration such as 500ms, 5s, 10min or 1h')
  return { [name]: value }
}

function invalidDirective(file: string | undefined, found: string, expected: string): MigrationError {
  return new MigrationError(
    'migrate.directive_invalid',
    `${file === undefined ? 'The' : `${file}: the`} comment \`-- ${found}\` is not understood: ${expected}.`,
    {
      details: { found },
    },
  )
}
