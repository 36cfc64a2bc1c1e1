import { describe, expect, it } from 'vitest'
import { placeOf } from './place.js'

/** The place of the sign `^` in a text, which is taken out of it. */
function at(marked: string, sqlState = '42703') {
  const position = Array.from(marked.slice(0, marked.indexOf('^'))).length + 1
  return placeOf(marked.replace('^', ''), String(position), sqlState)
}

describe('placeOf', () => {
  it('counts lines and characters from 1, as an editor does', () => {
    expect(at('^SELEC 1', '42601')).toEqual({ line: 1, column: 1, near: 'SELEC' })
    expect(at('SELECT id,\n  ^nme\nFROM users')).toEqual({ line: 2, column: 3, near: 'nme' })
    expect(at("SELECT '😀' AS smile, ^nme")).toEqual({ line: 1, column: 22, near: 'nme' })
    expect(at('SELECT (1^', '42601')).toEqual({ line: 1, column: 10 })
  })

  it.each([
    ['SELECT ^users.id', 'users.id'],
    ['SELECT ^"public"."users"."Role"', '"public"."users"."Role"'],
    ['SELECT id ^=> 1', '=>'],
    ['SELECT ^$3', '$3'],
    ['SELECT größe, ^größe2', 'größe2'],
  ])('names what stands there in %s', (text, near) => {
    expect(at(text)).toMatchObject({ near })
  })

  it.each([
    ["SELECT ^'secret'::nope", '42704'],
    ["SELECT ^E'secret'", '42704'],
    ["SELECT ^U&'secret'", '42704'],
    ['SELECT ^$$secret$$', '42704'],
    ['SELECT ^4711secret', '42601'],
    ["SELECT 'O'^Secret'", '42601'],
    ["SELECT $x$ it's $x$ ^secret", '42601'],
    ['SELECT id FROM users WHERE email = ^"secret@example.com"', '42703'],
  ])('shows no literal, nor what may be the rest of one, in %s', (text, sqlState) => {
    expect(at(text, sqlState)).toEqual({ line: 1, column: text.indexOf('^') + 1 })
  })

  it('shows a word of the grammar behind a literal', () => {
    expect(at("SELECT 'a' FROM ^ORDER BY 1", '42601')).toMatchObject({ near: 'ORDER' })
  })

  it.each([undefined, '', '0', '-1', '1.5', '99'])('knows no place at %j', (position) => {
    expect(placeOf('SELECT 1', position, '42601')).toBeUndefined()
  })
})
