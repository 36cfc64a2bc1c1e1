import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { query } from './support/clients.js'
import { Holder } from './support/holder.js'
import { useStackFolder } from './support/stack-folder.js'

const folder = useStackFolder()

describe('the prepared data folder', () => {
  it('is made once per cache, also when two stacks need it at the same moment, and gives away no password of either', async () => {
    const cache = path.join(folder, 'cache')
    mkdirSync(cache)
    const env = { ...process.env, MIYABI_CACHE_DIR: cache }
    const holders = ['one', 'two'].map((name) => new Holder(path.join(folder, name), env))
    const urls: URL[] = []
    for (const holder of holders) {
      const { databaseUrl, directDatabaseUrl, serviceDatabaseUrl } = (await holder.up()).postgres
      expect(await query(databaseUrl, 'SELECT current_user AS login')).toEqual([{ login: 'miyabi_app' }])
      urls.push(...[databaseUrl, directDatabaseUrl, serviceDatabaseUrl].map((url) => new URL(url)))
    }
    expect(new Set(urls.map(({ password }) => password)).size).toBe(6)
    const [first, , , second] = urls
    if (first && second) second.password = first.password
    await expect(query(String(second), 'SELECT')).rejects.toThrow('password authentication failed')
    expect(readdirSync(cache).filter((name) => /^postgres-\d/.test(name) && !/-spare/.test(name))).toEqual([
      expect.stringMatching(/^postgres-18\.\d+-layout\d+-/),
    ])
    await Promise.all(holders.map((holder) => holder.close()))
  })

  it('is copied ahead for the next stack, which has the copy to itself, unless the machine went down meanwhile', async () => {
    const cache = path.join(folder, 'cache of spares')
    mkdirSync(cache)
    const run = async (name: string) => {
      const holder = new Holder(path.join(folder, name), { ...process.env, MIYABI_CACHE_DIR: cache })
      const { databaseUrl } = (await holder.up()).postgres
      expect(await query(databaseUrl, 'SELECT current_user AS login')).toEqual([{ login: 'miyabi_app' }])
      const data = statSync(path.join(folder, name, 'data', 'postgres')).ino
      await holder.close()
      const [spare] = readdirSync(cache).filter((entry) => /-spare/.test(entry))
      const place = spare && path.join(cache, spare)
      return {
        data,
        password: new URL(databaseUrl).password,
        place,
        spare: place && statSync(path.join(place, 'data')).ino,
      }
    }
    // Whoever had to make the prepared folder itself is on a machine for one run, as it seems.
    expect((await run('first')).spare).toBeUndefined()
    const second = await run('second')
    const third = await run('third')
    expect(third.data).toBe(second.spare)
    expect(third.password).not.toBe(second.password)
    expect(third.spare).not.toBe(second.spare)
    utimesSync(String(third.place), 0, 0)
    const fourth = await run('fourth')
    expect(fourth.data).not.toBe(third.spare)
    expect(new Set([second, third, fourth].map(({ password }) => password)).size).toBe(3)
    expect(readdirSync(cache).filter((entry) => /-spare/.test(entry))).toEqual([path.basename(String(fourth.place))])
  })

  it('gives way to passwords of its own in a stack that was made with those of all others', async () => {
    const first = new Holder(folder)
    const before = (await first.up()).postgres
    await query(before.directDatabaseUrl, 'CREATE TABLE kept AS SELECT 1 AS one')
    await first.close()
    const file = path.join(folder, 'data', 'credentials.json')
    const { own, statistics: _, ...shared } = JSON.parse(readFileSync(file, 'utf8'))
    expect(own).toBe(true)
    writeFileSync(file, JSON.stringify(shared))

    const second = new Holder(folder)
    const after = (await second.up()).postgres
    for (const name of ['databaseUrl', 'directDatabaseUrl', 'serviceDatabaseUrl'] as const) {
      const old = new URL(after[name])
      old.password = new URL(before[name]).password
      expect(old.href).not.toBe(after[name])
      await expect(query(old.href, 'SELECT')).rejects.toThrow('password authentication failed')
    }
    expect(await query(after.directDatabaseUrl, 'TABLE kept')).toEqual([{ one: 1 }])
    await second.close()

    const third = new Holder(folder)
    expect((await third.up()).postgres.databaseUrl).toBe(after.databaseUrl)
    await third.close()
  })

  it('has statistics of statements for the migrator and for nobody else, in data of an older stack, too', async () => {
    const READ = "SELECT query FROM pg_stat_statements WHERE query = 'SELECT $1 AS counted'"
    const older = new Holder(folder)
    const { databaseUrl, directDatabaseUrl } = (await older.up()).postgres
    const inMaintenance = (url: string): string => url.replace(/miyabi$/, 'postgres')
    await older.close()
    const file = path.join(folder, 'data', 'credentials.json')
    const { statistics, ...without } = JSON.parse(readFileSync(file, 'utf8'))
    expect(statistics).toBe(true)
    writeFileSync(file, JSON.stringify(without))

    const newer = new Holder(folder)
    const after = (await newer.up()).postgres
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ own: true, statistics: true })
    expect([after.databaseUrl, after.directDatabaseUrl]).toEqual(
      [databaseUrl, directDatabaseUrl].map((url) => expect.stringContaining(new URL(url).password)),
    )
    await query(after.databaseUrl, 'SELECT 1 AS counted')
    await query(after.databaseUrl, "SET statement_timeout = '1234s'")
    const counted = await query(inMaintenance(after.directDatabaseUrl), READ)
    expect(counted).toEqual([{ query: 'SELECT $1 AS counted' }])
    expect(
      await query(inMaintenance(after.directDatabaseUrl), "SELECT FROM pg_stat_statements WHERE query ~ '1234s'"),
    ).toEqual([])
    for (const url of [after.databaseUrl, after.serviceDatabaseUrl]) {
      await expect(query(inMaintenance(url), READ)).rejects.toThrow('permission denied')
      await expect(query(inMaintenance(url), 'SELECT pg_stat_statements(true)')).rejects.toThrow('permission denied')
      await expect(query(url, READ)).rejects.toThrow('does not exist')
    }
    await newer.close()
  })
})
