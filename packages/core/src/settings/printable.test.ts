import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { printable } from './printable.js'

const values = { url: 'postgresql://app:hunter2@h/d', keys: { secretAccessKey: 'hunter2' }, timeoutMs: 5 }

describe('printable', () => {
  it.each([
    ['util.inspect', (value: object) => inspect(value, { depth: 9, showHidden: true })],
    ['util.inspect of what holds it', (value: object) => inspect({ settings: [value] }, { depth: 9 })],
    ['JSON.stringify', (value: object) => JSON.stringify({ value })],
    ['String', String],
  ])('shows no secret to %s', (_how, show) => {
    expect(show(values)).toMatch(/hunter2|object Object/)
    expect(show(printable({ ...values }))).not.toContain('hunter2')
  })

  it('changes no value, and nothing that counts them', () => {
    const settings = printable({ ...values })
    expect(settings).toEqual(values)
    expect({ ...settings }).toEqual(values)
    expect(structuredClone(settings)).toEqual(values)
    expect(Object.keys(settings)).toEqual(['url', 'keys', 'timeoutMs'])
    expect(inspect(settings)).toContain('timeoutMs: 5')
  })
})
