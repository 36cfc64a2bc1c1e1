import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { ConfigError } from '../errors/config-error.js'
import * as field from './field.js'
import { renderEnvExample, renderReference } from './render.js'
import { defineSettings } from './settings.js'

const settings = defineSettings({
  title: 'Example',
  fields: {
    EX_URL: field.url({
      doc: 'Where it is.',
      protocols: ['postgresql'],
      defaultText: 'none',
      example: 'postgresql://app:secret@localhost/x',
    }),
    EX_MAX: field.integer({ doc: 'At most | so many.', default: 20, min: 1, max: 100, unit: 'connections' }),
    EX_MIN: field.integer({ doc: 'At least so many.', default: 5, min: 0, max: 100 }),
    EX_WAIT: field.seconds({ doc: 'How long.', default: 5, min: 0.1, max: 60 }),
    EX_TEST: field.boolean({ doc: 'Whether.', default: true }),
    EX_MODE: field.oneOf({ doc: 'Which.', values: ['fast', 'safe'], default: 'safe' }),
    EX_REGION: field.pattern({
      doc: 'Where.',
      default: 'ap-northeast-1',
      matches: /^[a-z]+-[a-z]+-\d$/,
      expected: 'a region',
    }),
  },
  rules: [
    ({ EX_MIN, EX_MAX }) =>
      EX_MIN !== undefined && EX_MAX !== undefined && EX_MIN > EX_MAX
        ? { name: 'EX_MIN', problem: `${EX_MIN} is more than EX_MAX (${EX_MAX})`, expected: 'at most EX_MAX' }
        : undefined,
  ],
})

const faultsOf = (env: Record<string, string>): string[] => settings.check(env).faults.map((fault) => fault.name)

describe('settings.parse', () => {
  it('gives typed defaults for an empty environment, durations in milliseconds', () => {
    const values = settings.parse({})
    expect(values).toEqual({
      EX_URL: undefined,
      EX_MAX: 20,
      EX_MIN: 5,
      EX_WAIT: 5000,
      EX_TEST: true,
      EX_MODE: 'safe',
      EX_REGION: 'ap-northeast-1',
    })
    expectTypeOf(values.EX_MODE).toEqualTypeOf<'fast' | 'safe'>()
    expectTypeOf(values.EX_URL).toEqualTypeOf<string | undefined>()
  })

  it('reads variables that are set, and treats a blank string as unset', () => {
    expect(
      settings.parse({ EX_MAX: ' 7 ', EX_WAIT: '0.25', EX_TEST: 'OFF', EX_MODE: 'fast', EX_REGION: '  ' }),
    ).toMatchObject({
      EX_MAX: 7,
      EX_WAIT: 250,
      EX_TEST: false,
      EX_MODE: 'fast',
      EX_REGION: 'ap-northeast-1',
    })
  })

  it('names every fault in one error, with what was expected, and never a secret', () => {
    const env = {
      EX_URL: 'mysql://app:hunter2@db/x',
      EX_MAX: '-3',
      EX_MIN: '1e3',
      EX_WAIT: '5s',
      EX_TEST: 'maybe',
      EX_MODE: 'slow',
      EX_REGION: 'moon',
    }
    let caught: unknown
    try {
      settings.parse(env)
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(ConfigError)
    expect((caught as ConfigError).details.faults.map((fault) => fault.name)).toEqual(Object.keys(env))
    expect((caught as ConfigError).message).toContain(
      'EX_MAX: "-3" is out of range; expected a whole number from 1 to 100',
    )
    expect((caught as ConfigError).message).toContain('EX_URL: the value does not start with postgresql://')
    expect(inspect(caught, { depth: 9 })).not.toContain('hunter2')
  })

  it('checks a rule over several settings as well as single settings', () => {
    expect(faultsOf({ EX_MIN: '30', EX_TEST: 'maybe' })).toEqual(['EX_TEST', 'EX_MIN'])
    expect(faultsOf({ EX_MIN: '30', EX_MAX: 'x' })).toEqual(['EX_MAX'])
  })

  it('rejects a URL without a host and one that cannot be parsed, without repeating it', () => {
    for (const url of ['postgresql:///x', 'postgresql://a:p#w@h/x:', 'nonsense hunter2']) {
      const { faults } = settings.check({ EX_URL: url })
      expect(faults, url).toHaveLength(1)
      expect(JSON.stringify(faults)).not.toContain('hunter2')
    }
  })

  it('does not repeat a URL that was pasted into the wrong variable', () => {
    const [fault] = settings.check({ EX_MAX: 'postgresql://app:hunter2@localhost/x' }).faults
    expect(fault).toMatchObject({ name: 'EX_MAX', problem: 'the value is not a number' })
  })

  it('names a value that is not a string, as untyped callers may pass one', () => {
    const env = { EX_MAX: 7, EX_URL: null } as unknown as Record<string, string>
    expect(settings.check(env).faults.map(({ problem }) => problem)).toEqual([
      'the value is not a string',
      '7 is not a string',
    ])
  })

  it('does not accept the names of object members as booleans', () => {
    for (const EX_TEST of ['constructor', 'toString', '__proto__']) expect(faultsOf({ EX_TEST })).toEqual(['EX_TEST'])
  })

  it('accepts any text for any variable: returns values or named faults, never crashes', () => {
    const names = Object.keys(settings.fields)
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string()), (env) => {
        const { values, faults } = settings.check(env)
        for (const name of names) expect(name in values || faults.some((fault) => fault.name === name)).toBe(true)
      }),
    )
  })
})

describe('field.optional', () => {
  const group = defineSettings({
    title: 'Optional',
    fields: {
      LIMIT: field.optional(field.integer({ doc: 'A limit.', default: 1, min: 1, max: 9 }), 'derived from the rest'),
    },
  })

  it('returns undefined if unset, so that the reader can derive a value', () => {
    expect(group.parse({}).LIMIT).toBeUndefined()
    expect(group.parse({ LIMIT: ' ' }).LIMIT).toBeUndefined()
    expect(group.parse({ LIMIT: '3' }).LIMIT).toBe(3)
    expect(renderReference(group)).toContain('derived from the rest')
  })

  it('keeps the message of the setting it wraps', () => {
    expect(group.check({ LIMIT: '99' }).faults[0]?.problem).toBe('"99" is out of range')
  })
})

describe('the generated settings documents', () => {
  it('include an .env.example with every variable, commented out', () => {
    const text = renderEnvExample(settings)
    for (const name of Object.keys(settings.fields)) expect(text).toMatch(new RegExp(`^# ${name}=`, 'm'))
    expect(text.split('\n').every((line) => line === '' || line.startsWith('#'))).toBe(true)
    expect(text).toContain('unit: connections; default: 20')
  })

  it('include a reference table with a row for each variable, whose cells cannot break the table', () => {
    const rows = renderReference(settings)
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    expect(rows).toHaveLength(Object.keys(settings.fields).length)
    for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(7)
  })
})
