import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from '../src/index.js'

export interface SlowCancels extends AsyncDisposable {
  /** Requests that were made. */
  readonly count: number
}

/**
 * Delays cancel requests for the one connection of `pool` by `ms`, as when the network delays that packet only. Each
 * first calls `requested`, which may let the statement end that it is meant for.
 */
export async function delayCancels(
  pool: Pool,
  databaseUrl: string,
  ms: number,
  requested: () => Promise<unknown>,
): Promise<SlowCancels> {
  const { hostname, port } = new URL(databaseUrl)
  let count = 0
  const slowWay = net.createServer(async (socket) => {
    count += 1
    await requested()
    await delay(ms)
    socket.pipe(net.connect(Number(port), hostname)).pipe(socket)
  })
  await once(slowWay.listen(0, '127.0.0.1'), 'listening')
  const client = await pool.connect()
  Object.assign(client, { host: '127.0.0.1', port: (slowWay.address() as net.AddressInfo).port })
  client.release()
  return {
    get count() {
      return count
    },
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => slowWay.close(resolve))
    },
  }
}
