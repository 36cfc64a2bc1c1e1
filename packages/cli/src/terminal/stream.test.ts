import { WriteStream } from 'node:tty'
import { describe, expect, it } from 'vitest'
import { proseWidthOf, showsColor, widthOf } from './stream.js'

const { hasColors } = WriteStream.prototype
const terminal = (columns = 120) => ({ isTTY: true, columns, write: () => true, hasColors })
const pipe = { isTTY: false, columns: 0, write: () => true }
const XTERM = { TERM: 'xterm-256color' }

describe('showsColor', () => {
  it.each([
    ['a terminal', terminal(), XTERM, true],
    ['a terminal with NO_COLOR', terminal(), { ...XTERM, NO_COLOR: '1' }, false],
    ['a dumb terminal', terminal(), { TERM: 'dumb' }, false],
    ['a terminal with FORCE_COLOR=0', terminal(), { ...XTERM, FORCE_COLOR: '0' }, false],
    ['a pipe', pipe, XTERM, false],
    ['a pipe with FORCE_COLOR', pipe, { FORCE_COLOR: '1' }, true],
    ['a pipe with both', pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('on %s', (_, stream, env, expected) => expect(showsColor(stream, env)).toBe(expected))
})

describe('the width', () => {
  it('of results is that of the terminal, and unlimited in a pipe', () => {
    expect([widthOf(terminal(60)), widthOf(terminal(20)), widthOf(pipe)]).toEqual([60, 40, Number.POSITIVE_INFINITY])
  })

  it('of texts to read is at most 100, and 80 in a pipe', () => {
    expect([proseWidthOf(terminal(60)), proseWidthOf(terminal(200)), proseWidthOf(pipe)]).toEqual([60, 100, 80])
  })
})
