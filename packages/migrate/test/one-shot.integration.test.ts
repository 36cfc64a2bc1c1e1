import { once } from 'node:events'
import { createServer } from 'node:net'
import { sql } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { changed, useDatabase } from './support/database.js'
import { runOneShot, startEngine } from './support/engine.js'

const database = useDatabase()
const missing = (): string =>
  changed(database.url, (url) => {
    url.pathname += '_missing'
  })
const withWrongPassword = (url: string): string =>
  changed(url, (copy) => {
    copy.password = 'wrong-Pa55word'
  })

describe('can-connect-to-database', () => {
  it('ends with 0 for a database that is there', async () => {
    expect(await runOneShot('can-connect-to-database', database.url)).toEqual({ exitCode: 0 })
  })

  it('tells a missing database (P1003), which makes the CLI create it', async () => {
    const outcome = await runOneShot('can-connect-to-database', missing())
    expect(outcome).toMatchObject({ exitCode: 1, code: 'P1003', message: expect.stringContaining('does not exist') })
  })

  it('tells wrong credentials (P1000) without repeating them', async () => {
    const outcome = await runOneShot('can-connect-to-database', withWrongPassword(database.url))
    expect(outcome).toMatchObject({ exitCode: 1, code: 'P1000' })
    expect(JSON.stringify(outcome)).not.toContain('wrong-Pa55word')
  })

  it('tells a server that is not there (P1001), and where it looked', async () => {
    const outcome = await runOneShot(
      'can-connect-to-database',
      changed(database.url, (url) => {
        url.port = '1'
      }),
    )
    expect(outcome).toMatchObject({ exitCode: 1, code: 'P1001', message: expect.stringContaining(':1`') })
  })

  it('tells a server that accepts and stays silent (P1002) within connect_timeout', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    try {
      const { port } = silent.address() as { port: number }
      const started = Date.now()
      const outcome = await runOneShot(
        'can-connect-to-database',
        `postgresql://a@127.0.0.1:${port}/b?connect_timeout=1`,
      )
      expect(outcome).toMatchObject({ exitCode: 1, code: 'P1002' })
      expect(Date.now() - started).toBeLessThan(25_000)
    } finally {
      silent.close()
    }
  })

  it.each([
    ['another database', 'mysql://root:s3cret@localhost:3306/app'],
    ['what is no URL', 'postgresql//app:s3cret@localhost'],
    ['a mode of TLS that may fall back to plain text', 'postgresql://app:s3cret@localhost/app?sslmode=prefer'],
  ])('refuses %s (P1013) without repeating it', async (_what, url) => {
    const outcome = await runOneShot('can-connect-to-database', url)
    expect(outcome).toMatchObject({ exitCode: 1, code: 'P1013' })
    expect(outcome.message).not.toContain('s3cret')
  })

  it('tells a server without TLS where TLS is asked for (P1011)', async () => {
    const url = changed(database.url, (copy) => copy.searchParams.set('sslmode', 'require'))
    const [on] = await sql<{ ssl: string }>(database.url, 'SHOW ssl')
    const outcome = await runOneShot('can-connect-to-database', url)
    if (on?.ssl === 'on') expect(outcome).toEqual({ exitCode: 0 })
    else expect(outcome).toMatchObject({ exitCode: 1, code: 'P1011' })
  })
})

describe('create-database', () => {
  it('creates the database and the schema of the URL, and says P1009 the second time', async () => {
    const url = changed(missing(), (copy) => copy.searchParams.set('schema', 'my app'))
    try {
      expect(await runOneShot('create-database', url)).toEqual({ exitCode: 0 })
      const rows = await sql(missing(), `SELECT 1 FROM pg_namespace WHERE nspname = 'my app'`)
      expect(rows).toHaveLength(1)
      expect(await runOneShot('create-database', url)).toMatchObject({ exitCode: 1, code: 'P1009' })
      const engine = startEngine({ url })
      expect(await engine.request('getDatabaseVersion')).toHaveProperty('result')
      await engine.end()
    } finally {
      expect(await runOneShot('drop-database', url)).toEqual({ exitCode: 0 })
    }
  })
})
