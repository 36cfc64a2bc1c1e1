import { describe, expect, it } from 'vitest'
import { commandFaults, commandReference } from '../src/reference.js'
import { inProcess } from './miyabi.js'

const reference = await commandReference()
const groups = new Set(reference.flatMap(({ name }) => groupsAbove(name.split(' '))))
const own = reference.filter(({ name }) => name !== 'prisma')

function groupsAbove(names: readonly string[]): readonly string[] {
  return names.slice(0, -1).map((_, at) => names.slice(0, at + 1).join(' '))
}

/** What a command line prints for a program: exactly one JSON document. */
async function documentOf(line: string): Promise<{ readonly code: number | null; readonly document: unknown }> {
  const { code, stdout } = await inProcess(line.split(' '))
  return { code, document: JSON.parse(stdout) as unknown }
}

describe('the help of', () => {
  it.each(own)('$name says what it does, how it is used and how it ends, within 80 columns', async ({ name }) => {
    const help = await inProcess(['help', ...name.split(' ')])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(await inProcess([...name.split(' '), '--help'])).toEqual(help)
    expect(help.stdout).toMatch(
      /^[A-Z].*[\s\S]*\nUSAGE\n[\s\S]*\nOPTIONS\n[\s\S]*\nEXAMPLES\n[\s\S]*\nEXIT CODES\n {2}0 /,
    )
    const prose = help.stdout.split('\n').filter((line) => !/pnpm |npx /.test(line))
    expect(prose.filter((line) => line.length > 80)).toEqual([])
  })

  it.each([...groups])('%s lists its commands', async (group) => {
    const { code, stdout } = await inProcess([...group.split(' '), '--help'])
    expect(code).toBe(0)
    expect(await inProcess(['help', ...group.split(' ')])).toMatchObject({ code, stdout })
    const within = reference.filter(({ name }) => name.startsWith(`${group} `))
    for (const { name } of within)
      expect(stdout).toMatch(new RegExp(`^ {2}${name.split(' ')[group.split(' ').length]} `, 'm'))
  })

  it('everything lists every command and the exit codes', async () => {
    const { code, stdout } = await inProcess(['--help'])
    expect(code).toBe(0)
    for (const { name } of reference) expect(stdout).toMatch(new RegExp(`^ {2}${name.split(' ')[0]} `, 'm'))
    expect(stdout).toMatch(/EXIT CODES\n {2}0 .*\n {2}1 .*\n {2}2 /)
    expect(await inProcess(['help'])).toMatchObject({ code: 0, stdout })
    expect(await inProcess([])).toMatchObject({ code: 1, stdout })
  })

  it('a command is one JSON document for a program', async () => {
    expect(await documentOf('help slow --json')).toMatchObject({
      code: 0,
      document: { name: 'slow', options: { length: 7 } },
    })
    expect(await documentOf('help --json')).toMatchObject({
      code: 0,
      document: reference.map(({ name }) => ({ name })),
    })
    expect(await documentOf('tables --help --json')).toMatchObject({ code: 0, document: { length: 4 } })
  })
})

describe('examples', () => {
  it.each(reference)('of $name are command lines of it', async ({ name, examples }) => {
    expect(examples.length).toBeGreaterThan(0)
    expect(examples.length).toBeLessThanOrEqual(3)
    for (const { line } of examples) {
      const [, args = ''] = / ?miyabi ([^|>]*)/.exec(line) ?? []
      expect(args.startsWith(name), line).toBe(true)
      expect(await commandFaults(args.trim().split(/ +/)), line).toEqual([])
    }
  })
})

describe('a command line that cannot be understood', () => {
  it.each([
    ['tabels', 'Unknown command "tabels"; did you mean "tables"?'],
    ['tables stats', 'Unknown command "tables stats"; did you mean "tables status"?'],
    [
      'tables drop',
      'Unknown command "tables drop"; expected one of: status, plan, apply, export; run `pnpm db:tables --help`',
    ],
    ['help tabels', 'Unknown command "tabels"; did you mean "tables"?'],
    ['hepl', 'Unknown command "hepl"; did you mean "help"?'],
    ['constructor', 'Unknown command "constructor"; run `pnpm exec miyabi --help`'],
    [
      'tables',
      'Missing command after "miyabi tables"; expected one of: status, plan, apply, export; run `pnpm db:tables --help`',
    ],
    ['status --jsno', 'Unknown option --jsno; did you mean --json?'],
    ['up now', 'Unexpected argument "now"; run `pnpm db:up --help`'],
    ['migrate new', 'Missing argument NAME: a value (NAME); run `pnpm db:migrate new --help`'],
    [
      'tables apply --replace',
      'Option --replace requires a value: names separated by commas (TABLE,...); run `pnpm db:tables apply --help`',
    ],
    [
      'tables export --format pulumi',
      'Invalid value "pulumi" of option --format; expected one of: cloudformation, terraform; run `pnpm db:tables export --help`',
    ],
  ])('`miyabi %s` names the fault and the fix', async (line, message) => {
    expect(await inProcess(line.split(' '))).toEqual({ code: 1, stdout: '', stderr: `error cli.usage\n${message}\n` })
  })

  it('reports all its faults', async () => {
    const { stderr } = await inProcess(['migrate', 'new', '--sinlge', '--json=1'])
    expect(stderr).toBe(`error cli.usage
The command line has 3 faults:
  Unknown option --sinlge; did you mean --single?
  Option --json takes no value (got "1")
  Missing argument NAME: a value (NAME)
run \`pnpm db:migrate new --help\`
`)
  })

  it.each([...own.map(({ name }) => name), ...groups, 'none-of-them'])(
    '%s is one JSON document under --json',
    async (name) => {
      const line = `${name} --no-such-option`
      const { code, document } = await documentOf(`${line} --json`)
      expect(document).toMatchObject({
        error: {
          code: 'cli.usage',
          message: expect.any(String),
          effect: 'none',
          retryable: false,
          remedy: expect.any(String),
          details: { faults: expect.arrayContaining([expect.objectContaining({ problem: expect.any(String) })]) },
        },
      })
      expect(code).toBe((await inProcess(line.split(' '))).code)
    },
  )
})

describe('miyabi --version', () => {
  it('prints the version alone', async () => {
    expect(await inProcess(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
    expect(await inProcess(['-v'])).toEqual(await inProcess(['--version']))
    expect(await documentOf('--version --json')).toMatchObject({ document: { version: expect.any(String) } })
  })
})
