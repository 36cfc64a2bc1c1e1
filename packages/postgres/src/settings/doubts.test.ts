import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { certificateAuthority } from '@miyabi/testing/certificates'
import { afterAll, describe, expect, it } from 'vitest'
import { parsePostgresSettings } from './config.js'
import { doubtsOf, sayDoubts } from './doubts.js'
import { resolvePostgresSettings } from './resolve.js'

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-doubts-'))
const file = path.join(folder, 'root.crt')
writeFileSync(file, (await certificateAuthority('Authority of the test')).cert)
afterAll(() => rmSync(folder, { recursive: true }))

const settingsOf = (rest: string) =>
  resolvePostgresSettings(parsePostgresSettings({ DATABASE_URL: `postgresql://app:hunter2@${rest}` }))

describe('doubtsOf', () => {
  it.each([
    ['db.example.com/m', 'disable', 'in plain text'],
    ['10.0.0.7/m?sslmode=disable', 'disable', 'in plain text'],
    ['db.example.com/m?sslmode=require', 'require', "the server's identity is not verified"],
    [`[2001:db8::1]/m?sslmode=verify-ca&sslrootcert=${file}`, 'verify-ca', 'whatever its name'],
  ])('returns one about %s', (rest, sslmode, told) => {
    const [doubt, ...more] = doubtsOf(settingsOf(rest))
    expect(more).toEqual([])
    expect(doubt).toMatchObject({ fields: { sslmode }, message: expect.stringContaining(told) })
    expect(doubt?.message).not.toContain('hunter2')
  })

  it.each(['localhost/m', '127.0.0.1/m', '[::1]/m', 'localhost/m?host=/run/postgresql', 'h/m?sslmode=verify-full'])(
    'returns none about %s',
    (rest) => {
      expect(doubtsOf(settingsOf(rest))).toEqual([])
    },
  )

  it('are logged as warnings', () => {
    const said: unknown[] = []
    const ignore = (): void => {}
    const logger = { debug: ignore, info: ignore, error: ignore, warn: (fields: unknown) => said.push(fields) }
    sayDoubts(settingsOf('db.example.com/m'), logger)
    expect(said).toEqual([{ event: 'postgres.tls_unverified', sslmode: 'disable' }])
  })
})
