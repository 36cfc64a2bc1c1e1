import { describe, expect, it } from 'vitest'
import { nearest } from './suggest.js'

const COMMANDS = ['up', 'down', 'status', 'tables', 'pool', 'slow', 'doctor', 'backup', 'migrate', 'prisma']

describe('nearest', () => {
  it.each([
    ['tabels', 'tables'],
    ['stauts', 'status'],
    ['doctr', 'doctor'],
    ['bakcup', 'backup'],
    ['pu', 'up'],
    ['stat', 'status'],
    ['mig', 'migrate'],
  ])('takes %s for %s', (name, expected) => expect(nearest(name, COMMANDS)).toBe(expected))

  it.each(['', 'x', 'zzz', 'deploy', 'constructor'])('returns nothing for %j', (name) =>
    expect(nearest(name, COMMANDS)).toBeUndefined(),
  )

  it('counts the letters of an option without its dashes', () => {
    expect(nearest('--jsno', ['--json', '--keep'])).toBe('--json')
    expect(nearest('--rat', ['--rate', '--plain'])).toBe('--rate')
    expect(nearest('--to', ['--role', '--all'])).toBeUndefined()
  })
})
