import type pg from 'pg'
import { backendKeyOf } from '../internals/pg.js'

const CANCEL_REQUEST = 80_877_102
const LIMIT_MS = 1000

/**
 * Requests the server to cancel the statement that a session is running, over a separate connection, as the protocol
 * requires (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS). As libpq's
 * PQcancel does, without TLS: the request contains only a key for this purpose. Resolves once the server has forwarded
 * it, or after a second, to whether it did.
 */
export function sendCancelRequest(client: pg.Client): Promise<boolean> {
  const { host, port } = client
  const { processID, secretKey } = backendKeyOf(client)
  const request = Buffer.alloc(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(CANCEL_REQUEST, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  const net = process.getBuiltinModule('node:net') // loaded by the first connection, not by an import
  return new Promise((resolve) => {
    const socket = host.startsWith('/') ? net.connect(`${host}/.s.PGSQL.${port}`) : net.connect(port, host)
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('timeout')))
    socket.on('error', () => resolve(false))
    // Not `end`: PgBouncer 1.18 exits ("bad client state") if the client disconnects before it has forwarded the
    // request.
    socket.on('connect', () => socket.write(request))
    socket.on('close', () => resolve(true)) // the server closes it after signaling the session
    socket.resume()
  })
}
