import { startTcpProxy, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testEnvironment } from './environment.js'
import { TestProcess } from './process.js'

let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
})
afterAll(() => database.drop())

/**
 * Under load: eight workers that read with relations and write in transactions, until they are told that intake is
 * closed.
 */
const underLoad = (options: string) => `
  const log = (fields) => console.log(fields.event)
  const logger = { debug() {}, info: log, warn: log, error: log }
  const db = await miyabi.DatabaseContext.fromEnv({ logger })
  miyabi.closeOnSignal(db, { logger, ${options} })
  let done = 0
  const unexpected = []
  const work = async (n) => {
    for (;;) {
      try {
        if (n % 2) await db.asService().pg.user.findMany({ include: { trials: true, subscriptions: true } })
        else await db.asService().transaction(async (tx) => { await tx.log.create({ data: { level: 'info', message: 'x' } }); await tx.log.count() })
        if (++done === 50) console.log('at work')
      } catch (error) {
        if (!miyabi.isMiyabiError(miyabi.mapError(error), 'postgres.pool.closed')) unexpected.push(error)
        return
      }
    }
  }
  process.on('exit', () => console.log(JSON.stringify(unexpected.map(String))))
  process.on('unhandledRejection', (reason) => unexpected.push(reason))
  setInterval(() => {}, 1000) // a server that still listens
  for (let n = 0; n < 8; n += 1) void work(n)
`

describe('closeOnSignal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('lets the work in flight finish on %s, and exits with 0', async (signal) => {
    await using app = new TestProcess(underLoad('graceMs: 60_000'), env)
    await app.says('at work')
    const start = performance.now()
    app.child.kill(signal)
    expect(await app.exit()).toBe(0)
    expect(performance.now() - start).toBeLessThan(25_000)
    expect(app.lines).toEqual(expect.arrayContaining(['db.signal', 'postgres.pool.closed', 'db.closed']))
    expect(app.lines.at(-1)).toBe('[]')
  })

  it('ends what comes first before it closes the context', async () => {
    const program = `
      const db = await miyabi.DatabaseContext.fromEnv()
      miyabi.closeOnSignal(db, { first: async () => {
        await new Promise((resolve) => setTimeout(resolve, 200))
        console.log('users ' + await db.asService().pg.user.count())
      } })
      setInterval(() => {}, 1000)
      console.log('ready')`
    await using app = new TestProcess(program, env)
    await app.says('ready')
    app.child.kill('SIGTERM')
    expect(await app.exit()).toBe(0)
    expect(app.lines).toEqual(['ready', 'users 0'])
  })

  it('listens once however often it is called, and the latest call for a context counts', async () => {
    const program = `
      const db = await miyabi.DatabaseContext.fromEnv()
      const handles = Array.from({ length: 20 }, () => miyabi.sharedDatabase())
      const stops = [db, db, ...handles].map((one, index) =>
        miyabi.closeOnSignal(one, { first: async () => console.log('first ' + index) }))
      await db.asService().pg.user.count()
      for (const handle of handles) await handle.asService().pg.user.count()
      console.log('listeners ' + process.listenerCount('SIGTERM'))
      stops.at(-1)()
      const again = miyabi.closeOnSignal(handles[0], { first: async () => console.log('first again') })
      process.on('exit', () => console.log([db, handles[0]].map((one) => one.isClosed).join()))
      setInterval(() => {}, 1000)
      console.log('ready')`
    await using app = new TestProcess(program, env)
    await app.says('ready')
    app.child.kill('SIGTERM')
    expect(await app.exit()).toBe(0)
    expect(app.lines).toEqual(['listeners 1', 'ready', 'first 1', 'first again', 'true,true'])
  })

  it('tells what comes first when the context is about to close, so that an open stream is cut in time for an exit with 0', async () => {
    const program = `
      const { createServer, get } = await import('node:http')
      const db = await miyabi.DatabaseContext.fromEnv()
      const server = createServer((_request, answer) => void answer.write('a stream that does not end')).listen(0, '127.0.0.1')
      miyabi.closeOnSignal(db, { graceMs: 2400, first: (closing) => new Promise((resolve) => {
        server.close(resolve)
        closing.addEventListener('abort', () => server.closeAllConnections())
      }) })
      await new Promise((resolve) => server.once('listening', resolve))
      get({ port: server.address().port }, (answer) => answer.once('data', () => console.log('streams'))).on('error', () => {})`
    await using app = new TestProcess(program, env)
    await app.says('streams')
    app.child.kill('SIGTERM')
    expect(await app.exit()).toBe(0)
  })

  it('exits within the grace period, with 1, when work outlasts it on a network that answers nothing', async () => {
    await using proxy = await startTcpProxy(database.databaseUrl)
    await using app = new TestProcess(underLoad('graceMs: 500'), {
      ...env,
      DATABASE_URL: proxy.url(database.databaseUrl),
      SERVICE_DATABASE_URL: proxy.url(database.serviceDatabaseUrl),
    })
    await app.says('at work')
    proxy.blackHole()
    const start = performance.now()
    app.child.kill('SIGTERM')
    expect(await app.exit()).toBe(1)
    expect(performance.now() - start).toBeLessThan(25_000)
  })

  it('exits at once on the second signal', async () => {
    await using proxy = await startTcpProxy(database.databaseUrl)
    await using app = new TestProcess(underLoad('graceMs: 60_000'), {
      ...env,
      DATABASE_URL: proxy.url(database.databaseUrl),
      SERVICE_DATABASE_URL: proxy.url(database.serviceDatabaseUrl),
    })
    await app.says('at work')
    proxy.blackHole()
    app.child.kill('SIGTERM')
    await app.says('db.signal')
    const start = performance.now()
    app.child.kill('SIGINT')
    expect(await app.exit()).toBe(130)
    expect(performance.now() - start).toBeLessThan(25_000)
  })

  it('listens only where it is asked to, and stops when it is told', async () => {
    const program = `
      const count = () => process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')
      const db = await miyabi.DatabaseContext.fromEnv()
      await db.asService().pg.user.count()
      const counts = [count()]
      const stop = miyabi.closeOnSignal(db)
      counts.push(count())
      stop()
      counts.push(count())
      await db.close()
      console.log(JSON.stringify(counts))`
    await using app = new TestProcess(program, env)
    expect(await app.exit()).toBe(0)
    expect(app.lines).toEqual(['[0,2,0]'])
  })
})
