import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { usePoolBench } from '../support.js'

const bench = usePoolBench()
const entry = path.resolve(import.meta.dirname, '../../dist/index.js')

/**
 * Runs a program with `pool` in scope, in a process of its own; resolves when that ends by itself, and rejects
 * otherwise.
 */
async function run(program: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const source = `
    import { createPool, parsePostgresSettings } from ${JSON.stringify(new URL(`file://${entry}`).href)}
    const pool = createPool(parsePostgresSettings({ ...process.env, DATABASE_URL: process.env.URL, DB_MIN_CONNECTIONS: '3' }))
    ${program}`
  return await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...process.env, URL: bench.settings().databaseUrl },
    timeout: 25_000, // forever, where it does not end by itself
  })
}

describe('a process with a pool', () => {
  it('ends by itself once the pool is closed, with no timer left', async () => {
    const { stdout } = await run(`
      await pool.query('SELECT 1')
      await pool.close()
      console.log('closed')`)
    expect(stdout).toBe('closed\n')
  })

  it('ends by itself although a connection was never released and the pool was cut', async () => {
    const { stdout } = await run(`
      await pool.connect()
      console.log(JSON.stringify(await pool.close(100)))`)
    expect(JSON.parse(stdout)).toMatchObject({ drained: false })
  })

  it('survives the end of every session, idle or handed out', async () => {
    const { stdout, stderr } = await run(`
      const held = await pool.connect()
      await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()")
      await new Promise((resolve) => setTimeout(resolve, 200))
      held.release()
      console.log((await pool.query('SELECT 1 AS one')).rows[0].one)
      await pool.close()`)
    expect(stdout).toBe('1\n')
    expect(stderr).toBe('')
  })
})
