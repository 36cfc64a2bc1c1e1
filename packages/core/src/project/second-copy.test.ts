import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { warnOfSecondCopy } from './second-copy.js'

describe('a second copy of a package in one process', () => {
  it("is reported once, with both places, and is not mistaken for a reload or a bundler's copy", async () => {
    const warnings: Error[] = []
    const listen = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listen)
    const [name, here, there] = [
      `@miyabi/of-a-test-${process.pid}`,
      'file:///a/node_modules/x.js',
      'file:///b/node_modules/x.js',
    ]
    for (const place of [here, here, 'file:///a/bundle.js', undefined, there, there]) warnOfSecondCopy(name, place)
    process.emitWarning('the last')
    while (!warnings.some(({ message }) => message === 'the last')) await once(process, 'warning')
    process.off('warning', listen)
    const told = warnings.filter(({ message }) => message.includes(name))
    expect(told).toMatchObject([{ name: 'MiyabiWarning', code: 'MIYABI_SECOND_COPY' }])
    expect(told[0]?.message).toContain(`Two copies of ${name} are loaded in this process: ${here} and ${there}`)
  })
})
