import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type TlsParameters, tlsOptions, tlsProblem } from './tls.js'

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-tls-'))
const file = path.join(folder, 'ca.pem')
writeFileSync(file, 'PEM')
afterAll(() => rmSync(folder, { recursive: true }))

const said = (parameters: Partial<TlsParameters>): TlsParameters => ({
  sslmode: undefined,
  sslrootcert: undefined,
  sslcert: undefined,
  sslkey: undefined,
  ...parameters,
})
const ca = Buffer.from('PEM')

describe('tlsOptions', () => {
  it('mean by each mode what libpq means', () => {
    const noName = { ca, checkServerIdentity: expect.any(Function) }
    expect(tlsOptions(said({ sslmode: 'disable' }))).toBe(false)
    expect(tlsOptions(said({ sslmode: 'require' }))).toEqual({ rejectUnauthorized: false })
    expect(tlsOptions(said({ sslmode: 'require', sslrootcert: file }))).toEqual(noName)
    expect(tlsOptions(said({ sslmode: 'verify-ca', sslrootcert: file }))).toEqual(noName)
    expect(tlsOptions(said({ sslmode: 'verify-full', sslrootcert: file }))).toEqual({ ca })
  })

  it('are none where nothing is said, and full verification where only the system authorities are named', () => {
    expect(tlsOptions(said({}))).toBe(false)
    expect(tlsOptions(said({ sslrootcert: 'system' }))).toEqual({})
    expect(tlsOptions(said({ sslmode: 'verify-full', sslrootcert: 'system' }))).toEqual({})
  })
})

describe('tlsProblem', () => {
  it.each<[string, Partial<TlsParameters>, string]>([
    ['allow', { sslmode: 'allow' }, 'sslmode=allow, which goes on in plain text'],
    ['prefer', { sslmode: 'prefer' }, 'sslmode=prefer, which goes on in plain text'],
    ['a mode that nobody knows', { sslmode: 'on' }, 'an sslmode other than'],
    ['verify-ca without an authority', { sslmode: 'verify-ca' }, 'without sslrootcert'],
    ['a weak mode with public authorities', { sslmode: 'require', sslrootcert: 'system' }, 'say verify-full'],
    ['an authority that nobody would ask', { sslrootcert: file }, 'sslrootcert without an sslmode'],
    ['a certificate that would not be sent', { sslcert: file, sslkey: file }, 'sslcert without an sslmode'],
    ['half a certificate', { sslmode: 'require', sslcert: file }, 'one of sslcert and sslkey'],
  ])('refuses %s', (_what, parameters, told) => {
    expect(tlsProblem(said(parameters))).toContain(told)
  })

  it('has nothing against the rest', () => {
    for (const sslmode of ['disable', 'require', 'verify-full']) expect(tlsProblem(said({ sslmode }))).toBeUndefined()
    expect(tlsProblem(said({ sslmode: 'verify-ca', sslrootcert: file, sslcert: file, sslkey: file }))).toBeUndefined()
  })
})
