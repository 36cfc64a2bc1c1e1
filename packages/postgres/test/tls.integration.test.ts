import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ConfigError } from '@miyabi/core'
import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import { type Certificate, certificate, certificateAuthority } from '@miyabi/testing/certificates'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkHealth, createPool, type PostgresSettings, parsePostgresSettings } from '../src/index.js'
import { failureOf } from './support.js'

/** Who comes in plain text, with TLS, and only with a certificate of their own. The superuser sets the tests up. */
const ACCESS = `
host      all  postgres   127.0.0.1/32  trust
hostssl   all  certified  127.0.0.1/32  cert
hostssl   all  secretive  127.0.0.1/32  trust
host      all  anybody    127.0.0.1/32  trust
`
const DOOMED = 'postgres.tls_failed'

let folder: string
let files: Record<'root' | 'stranger' | 'cert' | 'key', string>
let servers: Record<'local' | 'elsewhere' | 'expired' | 'plain', PrivateServer>

beforeAll(async () => {
  const authority = await certificateAuthority('Miyabi test authority')
  const stranger = await certificateAuthority('Another authority')
  const client = await certificate(authority, 'certified')
  folder = mkdtempSync(path.join(tmpdir(), 'miyabi-tls-'))
  const file = (name: string, content: string): string => {
    writeFileSync(path.join(folder, name), content, { mode: 0o600 })
    return path.join(folder, name)
  }
  files = {
    root: file('root.crt', authority.cert),
    stranger: file('stranger.crt', stranger.cert),
    cert: file('client.crt', client.cert),
    key: file('client.key', client.key),
  }
  const start = (own?: Certificate): Promise<PrivateServer> =>
    startPrivateServer({
      settings: own ? ['ssl=on', 'ssl_ca_file=root.crt'] : [],
      files: {
        'pg_hba.conf': ACCESS,
        ...(own && { 'server.crt': own.cert, 'server.key': own.key, 'root.crt': authority.cert }),
      },
    })
  const [local, elsewhere, expired, plain] = await Promise.all([
    start(await certificate(authority, 'postgres', { names: ['localhost', '127.0.0.1'] })),
    start(await certificate(authority, 'postgres', { names: ['db.example.com', '10.1.2.3'] })),
    start(await certificate(authority, 'postgres', { names: ['localhost', '127.0.0.1'], expired: true })),
    start(),
  ])
  servers = { local, elsewhere, expired, plain }
  const logins = 'CREATE ROLE anybody LOGIN; CREATE ROLE secretive LOGIN; CREATE ROLE certified LOGIN'
  await Promise.all(Object.values(servers).map((server) => server.run(logins)))
})
afterAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server.close()))
  rmSync(folder, { recursive: true })
})

interface Way {
  readonly to?: keyof typeof servers
  readonly host?: string
  readonly as?: string
  readonly [parameter: `ssl${string}`]: string
}

function settingsOf({ to = 'local', host = 'localhost', as = 'anybody', ...parameters }: Way): PostgresSettings {
  const query = new URLSearchParams(parameters)
  const DATABASE_URL = `postgresql://${as}@${host}:${servers[to].port}/postgres?${query}`
  return parsePostgresSettings({ DATABASE_URL, DB_MIN_CONNECTIONS: '0' })
}

/** The protocol that the server says it speaks with this session: a TLS version, or `plain`. */
async function protocolOf(way: Way): Promise<string> {
  await using pool = createPool(settingsOf(way))
  const { rows } = await pool.query<{ protocol: string }>(
    `SELECT coalesce(version, 'plain') AS protocol FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
  )
  return rows[0]?.protocol ?? 'unknown'
}

const TLS = /^TLSv1\.[23]$/

describe('sslmode=disable', () => {
  it('speaks in plain text with a server that offers TLS, as does a URL without a mode', async () => {
    expect(await protocolOf({ sslmode: 'disable' })).toBe('plain')
    expect(await protocolOf({})).toBe('plain')
  })

  it('is refused where the server wants TLS', async () => {
    expect(await failureOf(protocolOf({ sslmode: 'disable', as: 'secretive' }))).toMatchObject({
      code: 'postgres.auth_failed',
    })
  })
})

describe.each(['allow', 'prefer'])('sslmode=%s', (sslmode) => {
  it('is no setting: it would go on in plain text without a word', () => {
    expect(() => settingsOf({ sslmode })).toThrow(ConfigError)
  })
})

describe('sslmode=require', () => {
  it('encrypts, and asks for nothing: any authority, any name, any date', async () => {
    for (const to of ['local', 'elsewhere', 'expired'] as const) {
      expect(await protocolOf({ to, sslmode: 'require' })).toMatch(TLS)
    }
    expect(await protocolOf({ sslmode: 'require', as: 'secretive' })).toMatch(TLS)
  })

  it('never goes on in plain text', async () => {
    expect(await failureOf(protocolOf({ to: 'plain', sslmode: 'require' }))).toMatchObject({ code: DOOMED })
  })

  it('verifies the authority where it is given one, as verify-ca does', async () => {
    const way = { sslmode: 'require', to: 'elsewhere' } as const
    expect(await protocolOf({ ...way, sslrootcert: files.root })).toMatch(TLS)
    expect(await failureOf(protocolOf({ ...way, sslrootcert: files.stranger }))).toMatchObject({ code: DOOMED })
  })
})

describe('sslmode=verify-ca', () => {
  it('takes any name of the right authority', async () => {
    for (const to of ['local', 'elsewhere'] as const) {
      expect(await protocolOf({ to, sslmode: 'verify-ca', sslrootcert: files.root })).toMatch(TLS)
    }
  })

  it.each<[string, () => Way]>([
    ['another authority', () => ({ sslrootcert: files.stranger })],
    ['an expired certificate', () => ({ to: 'expired', sslrootcert: files.root })],
    ['a server without TLS', () => ({ to: 'plain', sslrootcert: files.root })],
  ])('refuses %s', async (_what, way) => {
    expect(await failureOf(protocolOf({ sslmode: 'verify-ca', ...way() }))).toMatchObject({ code: DOOMED })
  })
})

describe('sslmode=verify-full', () => {
  it('takes the right name of the right authority, an IP address, too', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      expect(await protocolOf({ host, sslmode: 'verify-full', sslrootcert: files.root })).toMatch(TLS)
    }
  })

  it.each<[string, () => Way]>([
    ['another name', () => ({ to: 'elsewhere', sslrootcert: files.root })],
    ['another address', () => ({ to: 'elsewhere', host: '127.0.0.1', sslrootcert: files.root })],
    ['another authority', () => ({ sslrootcert: files.stranger })],
    ['a private authority where only public ones are trusted', () => ({ sslrootcert: 'system' })],
    ['an expired certificate', () => ({ to: 'expired', sslrootcert: files.root })],
    ['a server without TLS', () => ({ to: 'plain', sslrootcert: files.root })],
  ])('refuses %s', async (_what, way) => {
    expect(await failureOf(protocolOf({ sslmode: 'verify-full', ...way() }))).toMatchObject({
      code: DOOMED,
      message: expect.stringContaining('sslrootcert'),
    })
  })

  it('is what health says, too', async () => {
    const settings = settingsOf({ to: 'elsewhere', sslmode: 'verify-full', sslrootcert: files.root })
    expect(await checkHealth(settings)).toMatchObject({ status: 'down', reason: expect.stringContaining('TLS') })
  })
})

describe('sslcert and sslkey', () => {
  it('are shown to a server that asks for them', async () => {
    const way = { sslmode: 'verify-full', sslrootcert: files.root, as: 'certified' } as const
    expect(await protocolOf({ ...way, sslcert: files.cert, sslkey: files.key })).toMatch(TLS)
    expect(await failureOf(protocolOf(way))).toMatchObject({ code: 'postgres.auth_failed' })
  })
})
