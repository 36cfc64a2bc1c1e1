import { randomBytes } from 'node:crypto'
import { sql, startPrivateServer } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseTarget } from '../src/connection/target.js'
import { Session } from '../src/engine/session.js'
import { Run } from '../src/script/run.js'
import { type Server, servers } from './support/servers.js'

/** As most people write it, without an attempt more: of eight at once most are refused. */
const making = (role: string): string => `
  DO $$ BEGIN
    IF to_regrole('${role}') IS NULL THEN CREATE ROLE ${role}; END IF;
    GRANT ${role} TO CURRENT_USER;
  END $$;
  ALTER ROLE ${role} NOLOGIN;
  ALTER ROLE ${role} SET work_mem = '8MB';
  CREATE TABLE made (id int);`

/** A deployment's. */
async function sessionOf(url: string): Promise<Session> {
  const run = new Run()
  run.begin('applyMigrations')
  return await Session.open(parseTarget(url), run)
}

describe.each(Object.entries(servers))('a script that makes roles, on %s', (_, start) => {
  let server: Server
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.close())

  /** Runs a script as a deployment does, in eight databases of the server at the same moment. */
  async function everywhere(script: string): Promise<readonly string[]> {
    const urls = await Promise.all(Array.from({ length: 8 }, () => server.database()))
    const sessions = await Promise.all(urls.map(sessionOf))
    const outcomes = await Promise.allSettled(sessions.map((session) => session.executeScript(script)))
    await Promise.all(sessions.map((session) => session.dispose()))
    return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'applied' : String(outcome.reason)))
  }

  it('is applied to eight databases at the same moment, one after the other', async () => {
    const role = `at_once_${randomBytes(4).toString('hex')}`
    expect(await everywhere(making(role))).toEqual(Array(8).fill('applied'))
    await sql(await server.database(), `DROP ROLE ${role}`)
  })
})

describe('a script that makes roles', () => {
  it('waits for nobody where its login may not meet the others', async () => {
    const server = await startPrivateServer()
    await server.run('CREATE ROLE migrator LOGIN CREATEROLE; REVOKE CONNECT ON DATABASE postgres FROM PUBLIC')
    await server.run('CREATE DATABASE alone OWNER migrator')
    const session = await sessionOf(server.url('alone').replace('//postgres@', '//migrator@'))
    await session.executeScript(making('lonely'))
    await session.dispose()
    await server.close()
  })
})
