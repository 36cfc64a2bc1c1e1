// A process under load: its workers write without end, note what was acknowledged, and survive what happens to the
// server. Started by `load.ts`, which it talks with in messages.
import { createPool, isPostgresError, mapPostgresError, parsePostgresSettings } from '../../dist/index.js'

const escaped = []
process.on('unhandledRejection', (reason) => escaped.push(String(reason)))
process.on('uncaughtException', (error) => escaped.push(String(error)))

const acknowledged = []
const failures = {}
const lastSuccessAt = []
let next = 0
let stopped = false
let pool

/**
 * One statement, or a transaction of two; the ids count as acknowledged when the answer to the last statement is here.
 */
async function write(inTransaction) {
  const ids = [next++, next++]
  if (inTransaction) {
    const client = await pool.connect()
    let failure
    try {
      await client.query('BEGIN')
      for (const id of ids) await client.query('INSERT INTO written VALUES ($1)', [id])
      await client.query('COMMIT')
    } catch (error) {
      failure = error
      throw error
    } finally {
      client.release(failure)
    }
  } else await pool.query('INSERT INTO written VALUES ($1), ($2)', ids)
  acknowledged.push(...ids)
}

async function work(worker) {
  while (!stopped) {
    try {
      await write(worker % 2 === 0)
      lastSuccessAt[worker] = Date.now()
    } catch (error) {
      const mapped = mapPostgresError(error)
      const what = isPostgresError(mapped) && mapped.code !== 'postgres.failed' ? mapped.code : String(error)
      failures[what] = (failures[what] ?? 0) + 1
    }
  }
}

let workers = []
process.on('message', async ({ type, url, count }) => {
  if (type === 'start') {
    const logged = []
    const log = (fields) => logged.push(fields.event)
    pool = createPool(parsePostgresSettings({ DATABASE_URL: url }), {
      logger: { debug: log, info: log, warn: log, error: log },
    })
    pool.logged = logged
    workers = Array.from({ length: count }, (_, worker) => work(worker))
  }
  if (type === 'stop') {
    stopped = true
    await Promise.all(workers)
  }
  if (type === 'close') process.send({ closed: await pool.close(5000) }, () => process.disconnect())
  else
    process.send({
      stats: pool.stats,
      oldestSuccessAt: lastSuccessAt.length === count ? Math.min(...lastSuccessAt) : 0,
      written: acknowledged.length,
      ...(type === 'stop' && { acknowledged, failures, escaped, logged: pool.logged }),
    })
})
