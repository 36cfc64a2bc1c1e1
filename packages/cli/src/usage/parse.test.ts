import { describe, expect, it } from 'vitest'
import { parseLine } from './parse.js'
import { oneOf, text, wholeNumber } from './values.js'

const declared = {
  arguments: { id: { type: text('ID'), description: '' } },
  options: {
    json: { type: 'flag', description: '' },
    'dry-run': { type: 'flag', description: '' },
    format: { type: oneOf('cloudformation', 'terraform'), default: 'cloudformation', description: '' },
    limit: { type: wholeNumber(1, 500), description: '' },
  },
} as const

const valuesOf = (...args: readonly string[]): unknown => {
  const { values, faults } = parseLine(declared, args)
  expect(faults).toEqual([])
  return values
}
const problemsOf = (...args: readonly string[]): readonly string[] =>
  parseLine(declared, args).faults.map(({ problem, suggestion }) =>
    suggestion ? `${problem} -> ${suggestion}` : problem,
  )

describe('parseLine', () => {
  it('returns every option, with its default if it is absent', () => {
    expect(valuesOf('a')).toEqual({ id: 'a', json: false, 'dry-run': false, format: 'cloudformation' })
    expect(valuesOf('--json', '--limit', '7', 'a', '--format=terraform')).toEqual({
      id: 'a',
      json: true,
      'dry-run': false,
      format: 'terraform',
      limit: 7,
    })
  })

  it('treats everything after -- as arguments', () =>
    expect(valuesOf('--', '--json')).toMatchObject({ id: '--json', json: false }))

  it.each([
    [['a', '--jsno'], 'Unknown option --jsno -> --json'],
    [['a', '-json'], 'Unknown option -json -> --json'],
    [['a', '--nothing-like-it'], 'Unknown option --nothing-like-it'],
    [['a', '--formt', 'terraform'], 'Unknown option --formt -> --format'],
    [['a', '--constructor'], 'Unknown option --constructor'],
    [['a', '--json=yes'], 'Option --json takes no value (got "yes")'],
    [['a', '--limit'], 'Option --limit requires a value: a whole number from 1 to 500'],
    [['a', '--limit='], 'Option --limit requires a value: a whole number from 1 to 500'],
    [['a', '--limit', '--json'], 'Option --limit requires a value: a whole number from 1 to 500'],
    [['a', '--limit', '-1'], 'Invalid value "-1" of option --limit; expected a whole number from 1 to 500'],
    [
      ['a', '--format', 'teraform'],
      'Invalid value "teraform" of option --format; expected one of: cloudformation, terraform -> terraform',
    ],
    [[], 'Missing argument ID: a value (ID)'],
    [['a', 'b'], 'Unexpected argument "b"'],
  ])('refuses %j', (args, problem) => expect(problemsOf(...args)).toEqual([problem]))

  it('reports every fault of a line', () => {
    expect(problemsOf('--jsno', '--limit', 'many', '--dry-run=1')).toEqual([
      'Unknown option --jsno -> --json',
      'Invalid value "many" of option --limit; expected a whole number from 1 to 500',
      'Option --dry-run takes no value (got "1")',
      'Missing argument ID: a value (ID)',
    ])
  })
})
