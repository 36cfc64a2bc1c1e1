import { Writable } from 'node:stream'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { type Logger, redactingLogger, silentLogger } from './logger.js'

describe('redactingLogger', () => {
  it('takes a pino logger as it is, and masks secrets in message, fields and errors', () => {
    const lines: string[] = []
    const sink = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk))
        done()
      },
    })
    const plain: Logger = pino({ level: 'debug' }, sink)
    const logger = redactingLogger(plain)
    const url = 'postgresql://app:hunter2@db.example.com/miyabi'
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      logger[level]({ url, error: new Error(`cannot reach ${url}`), waitedMs: 12 }, `slow ${url}`)
    }
    expect(lines).toHaveLength(4)
    expect(lines.join('')).not.toContain('hunter2')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      waitedMs: 12,
      msg: 'slow postgresql://app:***@db.example.com/miyabi',
    })
  })

  it('masks once, however often it is asked to, and nothing where nobody listens', () => {
    const logger = redactingLogger({ debug() {}, info() {}, warn() {}, error() {} })
    expect(redactingLogger(logger)).toBe(logger)
    expect(redactingLogger(silentLogger)).toBe(silentLogger)
  })
})
