import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { certificate, certificateAuthority } from '@miyabi/testing/certificates'
import { afterAll, describe, expect, it } from 'vitest'
import { type TlsParameters, tlsOptions, tlsProblem } from './tls.js'

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-tls-'))
const authority = await certificateAuthority('Authority of the test')
const [own, other] = await Promise.all(['one', 'two'].map((name) => certificate(authority, name)))
const write = (name: string, text = ''): string => {
  writeFileSync(path.join(folder, name), text)
  return path.join(folder, name)
}
const file = write('ca.pem', authority.cert)
const [cert, key, otherKey] = [write('own.crt', own?.cert), write('own.key', own?.key), write('other.key', other?.key)]
const rubbish = write('rubbish.pem', 'hunter2')
afterAll(() => rmSync(folder, { recursive: true }))

const said = (parameters: Partial<TlsParameters>): TlsParameters => ({
  sslmode: undefined,
  sslrootcert: undefined,
  sslcert: undefined,
  sslkey: undefined,
  ...parameters,
})
const ca = Buffer.from(authority.cert)

describe('tlsOptions', () => {
  it('have the meaning of each mode in libpq', () => {
    const noName = { ca, checkServerIdentity: expect.any(Function) }
    expect(tlsOptions(said({ sslmode: 'disable' }))).toBe(false)
    expect(tlsOptions(said({ sslmode: 'require' }))).toEqual({ rejectUnauthorized: false })
    expect(tlsOptions(said({ sslmode: 'require', sslrootcert: file }))).toEqual(noName)
    expect(tlsOptions(said({ sslmode: 'verify-ca', sslrootcert: file }))).toEqual(noName)
    expect(tlsOptions(said({ sslmode: 'verify-full', sslrootcert: file }))).toEqual({ ca })
  })

  it('are off by default, and full verification if only the system authorities are named', () => {
    expect(tlsOptions(said({}))).toBe(false)
    expect(tlsOptions(said({ sslrootcert: 'system' }))).toEqual({})
    expect(tlsOptions(said({ sslmode: 'verify-full', sslrootcert: 'system' }))).toEqual({})
  })
})

describe('certificate files', () => {
  const options = (parameters: Partial<TlsParameters>) => () => tlsOptions(said({ sslmode: 'require', ...parameters }))

  it('are accepted if they match', () => {
    expect(options({ sslrootcert: file, sslcert: cert, sslkey: key })()).toMatchObject({ ca, cert: expect.any(Buffer) })
  })

  it.each<[string, Partial<TlsParameters>, string]>([
    ['an authority that is none', { sslrootcert: rubbish }, 'has an sslrootcert whose file contains no certificate'],
    [
      'an authority that was cut short',
      { sslrootcert: write('cut.pem', authority.cert.replace(/[^-]{60}\n-----END/, '\n-----END')) },
      'has an sslrootcert whose file contains a certificate that cannot be parsed',
    ],
    ['a key in its place', { sslrootcert: key }, 'has an sslrootcert whose file contains no certificate'],
    [
      'a certificate that is none',
      { sslcert: rubbish, sslkey: key },
      'has an sslcert whose file contains no certificate',
    ],
    ['a key that is none', { sslcert: cert, sslkey: rubbish }, 'has an sslkey whose file contains no key'],
    ["another certificate's key", { sslcert: cert, sslkey: otherKey }, 'does not match its sslcert'],
    ['a file that is not there', { sslrootcert: `${file}.gone` }, 'cannot be read (ENOENT)'],
  ])('are rejected by their parameter: %s', (_what, parameters, told) => {
    expect(options(parameters)).toThrow(told)
    expect(options(parameters)).not.toThrow('hunter2')
  })
})

describe('tlsProblem', () => {
  it.each<[string, Partial<TlsParameters>, string]>([
    ['allow', { sslmode: 'allow' }, 'sslmode=allow, which an attacker on the network can downgrade'],
    ['prefer', { sslmode: 'prefer' }, 'sslmode=prefer, which an attacker on the network can downgrade'],
    ['a mode that nobody knows', { sslmode: 'on' }, 'an sslmode other than'],
    ['verify-ca without an authority', { sslmode: 'verify-ca' }, 'without sslrootcert'],
    ['a weak mode with public authorities', { sslmode: 'require', sslrootcert: 'system' }, 'use verify-full'],
    ['an authority that nobody would ask', { sslrootcert: file }, 'sslrootcert without an sslmode'],
    ['a certificate that would not be sent', { sslcert: file, sslkey: file }, 'sslcert without an sslmode'],
    ['half a certificate', { sslmode: 'require', sslcert: file }, 'one of sslcert and sslkey'],
  ])('rejects %s', (_what, parameters, told) => {
    expect(tlsProblem(said(parameters))).toContain(told)
  })

  it('accepts everything else', () => {
    for (const sslmode of ['disable', 'require', 'verify-full']) expect(tlsProblem(said({ sslmode }))).toBeUndefined()
    expect(tlsProblem(said({ sslmode: 'verify-ca', sslrootcert: file, sslcert: file, sslkey: file }))).toBeUndefined()
  })
})
