import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { dynamodbEndpoint, freePort, preparedFolder, serverUser, sql, until } from '@miyabi/testing'
import { makeStandby } from '../../packages/local/src/supervisor/postgres/standby.js'
import { startPostgres } from '../matrix/postgres-server.js'
import type { ReplicatedServers } from './servers.js'

/**
 * Starts a server whenever it is gone, until the input ends: then stops it. As with the embedded stack, one that is
 * killed comes back by itself.
 */
const KEEP_UP = `exec 3<&0
(cat <&3 > /dev/null; : > "$0/over"; kill -INT "$(head -n 1 "$0/postmaster.pid")") &
until [ -e "$0/over" ]; do "$@" < /dev/null > /dev/null 2>&1; sleep 0.1; done`

const SETTINGS = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'timezone=UTC']

/** A primary of a major and its standbys, made as the embedded stack makes its own. */
export async function startServersOfMajor(
  major: number,
  native: string | undefined,
  replicas: number,
): Promise<ReplicatedServers> {
  const primary = await startPostgres(native, major)
  const dataDir = mkdtempSync(path.join(tmpdir(), 'miyabi-standbys-'))
  chmodSync(dataDir, 0o711)
  const { postgres } = await preparedFolder(major, native)
  const user = serverUser()
  const { TEST_DATABASE_URL = '', TEST_SERVICE_DATABASE_URL = '', TEST_DIRECT_DATABASE_URL = '' } = primary.env
  const stops: (() => Promise<void>)[] = []
  const startStandby = async (number: number) => {
    const folder = await makeStandby({ number, dataDir, primary: primary.replication, runAs: user })
    const port = await freePort()
    const settings = [...SETTINGS, ...primary.settings].flatMap((setting) => ['-c', setting])
    const args = ['-c', KEEP_UP, folder, postgres, '-D', folder, '-p', String(port), ...settings]
    const child = spawn('/bin/sh', args, { ...user, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] })
    const ended = once(child, 'exit')
    stops.push(async () => {
      child.stdin.end()
      await ended
    })
    const at = (url: string): string => Object.assign(new URL(url), { port: String(port) }).href
    const urls = { databaseUrl: at(TEST_DATABASE_URL), serviceDatabaseUrl: at(TEST_SERVICE_DATABASE_URL) }
    await until(() =>
      sql(urls.databaseUrl, 'SELECT')
        .then(() => true)
        .catch(() => false),
    )
    return urls
  }
  const standbys = []
  for (let number = 1; number <= replicas; number += 1) standbys.push(await startStandby(number))
  return {
    databaseUrl: TEST_DATABASE_URL,
    serviceDatabaseUrl: TEST_SERVICE_DATABASE_URL,
    directDatabaseUrl: TEST_DIRECT_DATABASE_URL,
    standbys,
    dynamodbEndpoint: dynamodbEndpoint(),
    dataDir,
    env: {},
    async [Symbol.asyncDispose]() {
      await Promise.all(stops.map((stop) => stop()))
      await primary.close()
      rmSync(dataDir, { recursive: true })
    },
  }
}
