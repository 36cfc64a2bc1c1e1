import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { ConfigError } from '@miyabi/core'
import { certificateAuthority } from '@miyabi/testing/certificates'
import { afterAll, describe, expect, it } from 'vitest'
import { toClientConfig } from './client-config.js'
import { parsePostgresSettings } from './config.js'
import { resolvePostgresSettings } from './resolve.js'

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-resolve-'))
const file = path.join(folder, 'root.crt')
afterAll(() => rmSync(folder, { recursive: true }))

const settings = parsePostgresSettings({
  DATABASE_URL: 'postgresql://app:hunter2@db.example.com/miyabi?schema=app',
  SERVICE_DATABASE_URL: 'postgresql://backend:hunter3@other.example.com/miyabi',
})

describe('resolvePostgresSettings', () => {
  it('reads where the URL leads, with the server in words and no password in them', () => {
    const { target } = resolvePostgresSettings(settings)
    expect(target).toMatchObject({ host: 'db.example.com', user: 'app', schema: 'app', isLocal: false })
    expect(target.server).toBe('server db.example.com:5432; database miyabi; user app')
    expect(target.password).toBe('hunter2')
  })

  it('gives a frozen value that does not show its password', () => {
    const { target } = resolvePostgresSettings(settings)
    expect([Object.isFrozen(target), Object.isFrozen(resolvePostgresSettings(settings))]).toEqual([true, true])
    expect(inspect(target, { depth: null })).not.toContain('hunter2')
    expect(JSON.stringify(target)).not.toContain('hunter2')
  })

  it('reads a certificate once, whatever becomes of its file, and hands every connection a copy', async () => {
    const { cert } = await certificateAuthority('Authority of the test')
    writeFileSync(file, cert)
    const databaseUrl = `postgresql://app@h/m?sslmode=verify-full&sslrootcert=${file}`
    const once = resolvePostgresSettings({ ...settings, databaseUrl })
    rmSync(file)
    expect(resolvePostgresSettings(once)).toBe(once)
    const { ssl } = toClientConfig(once)
    expect(ssl).toEqual({ ca: Buffer.from(cert) })
    expect(toClientConfig(once).ssl).not.toBe(ssl)
  })

  it('reads the URL of a changed copy again', () => {
    const copy = { ...resolvePostgresSettings(settings), databaseUrl: 'postgresql://app@elsewhere/m' }
    expect(resolvePostgresSettings(copy).target.host).toBe('elsewhere')
  })

  it("takes the service's login from settings resolved or not, and that result for what it is", () => {
    for (const given of [settings, resolvePostgresSettings(settings)]) {
      const service = resolvePostgresSettings(given, 'service')
      expect(service).toMatchObject({ minConnections: 0, target: { user: 'backend', host: 'other.example.com' } })
      expect(resolvePostgresSettings(service)).toBe(service)
      expect(resolvePostgresSettings(service, 'service')).toBe(service)
    }
  })

  it.each([
    'hunter2',
    'postgresql://app:hunter2@host/db?connection_limit=1',
    'postgresql://app:hunter2@host/db?sslmode=verify-ca&sslrootcert=/no/such/file.pem',
  ])('refuses settings made by hand whose URL cannot be used, without telling it', (databaseUrl) => {
    const refused = (): unknown => resolvePostgresSettings({ ...settings, databaseUrl })
    expect(refused).toThrow(ConfigError)
    expect(refused).not.toThrow(/hunter2/)
  })
})
