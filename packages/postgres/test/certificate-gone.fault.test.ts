import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { certificateAuthority } from '@miyabi/testing/certificates'
import { afterAll, describe, expect, it } from 'vitest'
import { checkHealth, createPool, createPostgres, parsePostgresSettings } from '../src/index.js'
import { failureOf } from './support.js'

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-certificate-'))
afterAll(() => rmSync(folder, { recursive: true }))
const { cert } = await certificateAuthority('Authority of the test')

/** Settings whose certificate is there now, and whose server never is. */
function settingsWithCertificate() {
  const file = path.join(folder, 'root.crt')
  writeFileSync(file, cert)
  const settings = parsePostgresSettings({
    DATABASE_URL: `postgresql://app:hunter2@127.0.0.1:1/miyabi?sslmode=verify-full&sslrootcert=${file}`,
    DB_MIN_CONNECTIONS: '0',
    DB_ACQUIRE_TIMEOUT: '0.2', // a server that refuses may come back, so the pool goes on trying
  })
  return { settings, vanish: () => rmSync(file) }
}

describe('a certificate file that vanishes', () => {
  it('changes nothing for a pool that has read it, least of all in the callback that says why there is no connection', async () => {
    const { settings, vanish } = settingsWithCertificate()
    await using pool = createPool(settings)
    vanish()
    expect(await failureOf(pool.query('SELECT 1'))).toMatchObject({
      code: 'postgres.pool.acquire_timeout',
      message: expect.stringContaining('server 127.0.0.1:1; database miyabi; user app'),
    })
  })

  it('is not asked for again by queries, health or advice', async () => {
    const { settings, vanish } = settingsWithCertificate()
    await using postgres = createPostgres(settings)
    vanish()
    const code = 'postgres.unreachable'
    expect(await failureOf(postgres.query('SELECT 1'))).toMatchObject({ code: 'postgres.pool.acquire_timeout' })
    expect(await failureOf(postgres.advise())).toMatchObject({ code })
    expect(await postgres.health()).toMatchObject({ problem: code })
  })

  it('is refused by whatever begins with one that is none, by the name of the variable and without what is in it', () => {
    const { settings } = settingsWithCertificate()
    writeFileSync(path.join(folder, 'root.crt'), 'hunter3')
    const told = 'DATABASE_URL: has an sslrootcert whose file contains no certificate'
    expect(() => createPostgres(settings)).toThrow(told)
    expect(() => createPool(settings)).not.toThrow('hunter3')
  })

  it('is told by whatever begins without it, by the name of the variable and without its path', async () => {
    const { settings, vanish } = settingsWithCertificate()
    vanish()
    const told = 'DATABASE_URL: names a certificate file that cannot be read (ENOENT)'
    expect(() => createPostgres(settings)).toThrow(told)
    expect(() =>
      createPostgres({ ...settings, serviceDatabaseUrl: settings.databaseUrl }, { role: 'service' }),
    ).toThrow(`SERVICE_${told}`)
    expect(await checkHealth(settings)).toMatchObject({ status: 'down', reason: expect.stringContaining(told) })
  })
})
