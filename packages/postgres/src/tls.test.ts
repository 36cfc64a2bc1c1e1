import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { tlsOptions } from './tls.js'

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-tls-'))
const rootCertificate = path.join(folder, 'ca.pem')
writeFileSync(rootCertificate, 'PEM')
afterAll(() => rmSync(folder, { recursive: true }))

const none = { rootCertificate: undefined, certificate: undefined, key: undefined }
const withRoot = { ...none, rootCertificate }
const ca = Buffer.from('PEM')

describe('tlsOptions', () => {
  it('means by each mode what libpq means', () => {
    expect(tlsOptions('disable', none)).toBe(false)
    expect(tlsOptions('require', none)).toEqual({ rejectUnauthorized: false })
    expect(tlsOptions('require', withRoot)).toEqual({ ca, checkServerIdentity: expect.any(Function) })
    expect(tlsOptions('verify-ca', withRoot)).toEqual({ ca, checkServerIdentity: expect.any(Function) })
    expect(tlsOptions('verify-full', withRoot)).toEqual({ ca })
  })

  it('takes "system" for the root certificates of Node', () => {
    expect(tlsOptions('verify-full', { ...none, rootCertificate: 'system' })).toEqual({})
  })
})
