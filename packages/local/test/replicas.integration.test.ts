import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { receiveBaseBackup, unpackBaseBackup, verifyManifest } from '../src/base-backup/index.js'
import { acquireStack, holdStack, releaseStack, stackStatus } from '../src/index.js'
import { query } from './support/clients.js'
import { Holder } from './support/holder.js'
import { processesOf, processOf } from './support/processes.js'
import { useStackFolder } from './support/stack-folder.js'

const folder = useStackFolder()
const data = path.join(folder, 'data')
const passwordOf = (login: 'replica'): string =>
  JSON.parse(readFileSync(path.join(data, 'credentials.json'), 'utf8'))[login]
const replicationUrl = (port: number): string =>
  `postgresql://miyabi_replica:${passwordOf('replica')}@127.0.0.1:${port}/miyabi`

/** Resolves once the replica has replayed what the primary has written. */
async function caughtUp(primary: string, replica: string): Promise<void> {
  const [{ lsn }] = (await query(primary, 'SELECT pg_current_wal_lsn()::text AS lsn')) as [{ lsn: string }]
  const reached = async () => query(replica, `SELECT pg_last_wal_replay_lsn() >= '${lsn}' AS ok`).catch(() => [])
  await expect.poll(reached, { timeout: 30_000, interval: 20 }).toEqual([{ ok: true }])
}

/** The process of a standby that takes the log from its primary. */
function receiverOf(postmaster: number): number {
  for (const line of execFileSync('ps', ['-axo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')) {
    const [pid, parent, ...args] = line.trim().split(/\s+/)
    if (parent === String(postmaster) && args.includes('walreceiver')) return Number(pid)
  }
  throw new Error('the standby has no process that receives')
}

describe('a stack with a replica', () => {
  it('has a standby that streams with a login of its own, comes back when it is killed, and goes with the stack', async () => {
    const stack = await acquireStack({ folder, replicas: 1 })
    const { port, directDatabaseUrl, replicas = [] } = stack.descriptor.postgres
    const [replica] = replicas
    if (!replica) throw new Error('no replica')
    await query(directDatabaseUrl, 'DROP TABLE IF EXISTS followed', 'CREATE TABLE followed AS SELECT 7 AS id')
    await query(directDatabaseUrl, 'GRANT SELECT ON followed TO miyabi_app')
    await caughtUp(directDatabaseUrl, replica.databaseUrl)
    expect(await query(replica.databaseUrl, 'SELECT id, pg_is_in_recovery() AS standby FROM followed')).toEqual([
      { id: 7, standby: true },
    ])
    const slots = 'SELECT slot_name, active, temporary FROM pg_replication_slots'
    expect(await query(directDatabaseUrl, slots)).toEqual([
      { slot_name: 'miyabi_replica_1', active: true, temporary: false },
    ])
    expect(await query(replica.databaseUrl, 'SHOW hot_standby_feedback')).toEqual([{ hot_standby_feedback: 'on' }])

    // Its login sees no database, and nobody else's may copy the server.
    await expect(query(replicationUrl(port), 'SELECT 1')).rejects.toMatchObject({ code: '28000' })
    const asMigrator = receiveBaseBackup({ url: directDatabaseUrl, label: 'no' })
    await expect(asMigrator.next()).rejects.toMatchObject({ code: '28000' })
    // Its password is where the server reads it, and in no file that tells of the stack.
    const passfile = path.join(data, 'replicas', '1.pass')
    expect(statSync(passfile).mode & 0o777).toBe(0o600)
    const password = passwordOf('replica')
    expect(readFileSync(passfile, 'utf8')).toContain(password)
    const others = ['stack.json', 'ports.json', path.join('data', 'replicas', '1', 'postgresql.auto.conf')]
    for (const file of others) expect(readFileSync(path.join(folder, file), 'utf8')).not.toContain(password)
    expect(processesOf(folder).filter(({ command }) => command.includes(password))).toEqual([])

    const following = { state: 'streaming', behindBytes: expect.any(Number) }
    expect(await stackStatus({ folder })).toMatchObject({
      sizes: { replicas: [expect.any(Number)] },
      replication: [following],
    })
    process.kill(
      Number(readFileSync(path.join(data, 'replicas', '1', 'postmaster.pid'), 'utf8').split('\n')[0]),
      'SIGKILL',
    )
    await query(directDatabaseUrl, 'INSERT INTO followed VALUES (8)')
    await caughtUp(directDatabaseUrl, replica.databaseUrl)

    // The primary gives up what it keeps for a standby that takes nothing: that one can never follow it again.
    const postmaster = processOf(folder, path.join('replicas', '1'))
    process.kill(postmaster, 'SIGSTOP') // starts no other process that receives
    process.kill(receiverOf(postmaster), 'SIGTERM')
    const fill = `SELECT pg_logical_emit_message(false, 'fill', repeat('x', 20000000)) FROM generate_series(1, 15)`
    await query(directDatabaseUrl, fill, 'INSERT INTO followed VALUES (9)')
    // Which it does at a checkpoint, as a base backup begins with one.
    await collect(receiveBaseBackup({ url: replicationUrl(port), label: 'a checkpoint' }), 1)
    expect(readFileSync(path.join(folder, 'postgres.log'), 'utf8')).toContain('invalidating obsolete replication slot')
    process.kill(postmaster, 'SIGCONT')
    const rebuilt = async () => {
      const status = await stackStatus({ folder })
      return status.running && [status.descriptor.postgres.replicas?.[0]?.port, status.replication]
    }
    await expect
      .poll(rebuilt, { timeout: 60_000, interval: 100 })
      .toEqual([replica.port, [expect.objectContaining(following)]])
    await caughtUp(directDatabaseUrl, replica.databaseUrl)
    expect(await query(replica.databaseUrl, 'SELECT count(*)::int AS count FROM followed')).toEqual([{ count: 3 }])

    await stack.close()
    expect(existsSync(path.join(data, 'replicas', '1'))).toBe(false)
    expect(readdirSync(path.join(data, 'postgres', 'pg_replslot'))).toEqual([])
  })

  it('that was killed whole leaves no slot and no data behind, and old data learn the login', async () => {
    const holder = new Holder(folder)
    await holder.up()
    await holdStack({ folder, replicas: 1 })
    await releaseStack({ folder }) // the holder has it still
    expect(readdirSync(path.join(data, 'postgres', 'pg_replslot'))).toEqual(['miyabi_replica_1'])
    process.kill(processOf(folder, path.join('supervisor', 'main.cjs')), 'SIGSTOP')
    await holder.kill('SIGKILL')
    for (const { pid } of processesOf(folder)) process.kill(pid, 'SIGKILL')
    await expect.poll(() => processesOf(folder), { interval: 20 }).toEqual([])

    // As data of before have it.
    const credentials = path.join(data, 'credentials.json')
    const { replica: _, ...before } = JSON.parse(readFileSync(credentials, 'utf8'))
    writeFileSync(credentials, JSON.stringify(before))
    writeFileSync(path.join(data, 'postgres', 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n')

    await using stack = await acquireStack({ folder })
    const { postgres } = stack.descriptor
    expect(postgres.replicas).toBeUndefined()
    expect(await query(postgres.directDatabaseUrl, 'SELECT slot_name FROM pg_replication_slots')).toEqual([])
    expect(existsSync(path.join(data, 'replicas'))).toBe(false)
    const [first] = await collect(receiveBaseBackup({ url: replicationUrl(postgres.port), label: 'a test' }), 1)
    expect(first).toEqual({ type: 'archive', name: 'base.tar' })
  })
})

/** The first `count` of what comes. */
async function collect<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) if (found.push(one) === count) break
  return found
}

describe('a base backup', () => {
  it('is all that the manifest says, and nothing else: one bit is found, a file too few, a file too many', async () => {
    await using stack = await acquireStack({ folder })
    const target = path.join(await mkdtemp(path.join(os.tmpdir(), 'miyabi-backup-')), 'data')
    try {
      const url = replicationUrl(stack.descriptor.postgres.port)
      await unpackBaseBackup(receiveBaseBackup({ url, label: "it's a test" }), target, undefined)
      expect(await verifyManifest(target)).toEqual([])
      const file = path.join(target, 'global', 'pg_control')
      const bytes = await readFile(file)
      bytes[100] = (bytes[100] ?? 0) ^ 1
      await writeFile(file, bytes)
      expect(await verifyManifest(target)).toEqual(['global/pg_control differs from what was sent'])
      await appendFile(file, 'x')
      expect(await verifyManifest(target)).toEqual([
        expect.stringContaining(`global/pg_control has ${bytes.length + 1} bytes`),
      ])
      await unlink(file)
      await writeFile(path.join(target, 'base', 'stranger'), '')
      expect(await verifyManifest(target)).toEqual(['global/pg_control is missing', 'base/stranger was not sent'])
      const manifest = path.join(target, 'backup_manifest')
      await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('"Size": 8192', '"Size": 8193'))
      expect(await verifyManifest(target)).toEqual(['backup_manifest is not as it was sent'])
    } finally {
      await rm(path.dirname(target), { recursive: true })
    }
  })
})
