import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { PROMETHEUS_TYPE } from '../metrics/prometheus-text.js'
import type { Telemetry } from '../observe.js'
import { shared } from '../shared.js'

interface Answer {
  readonly status: number
  readonly body: string
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface AnswererOptions {
  /** Whether only this machine can connect: a request that names another host then comes from a web page. */
  readonly isLoopback: boolean
  /** How long one response may take to its last byte, in milliseconds: a slower reader is disconnected. */
  readonly limitMs: number
}

/** The maximum age of a readiness result, in milliseconds: frequent probes cause no more work than one. */
const READY_KEEP_MS = 500

/** Responds to the requests of a metrics server. */
export function answerer(telemetry: Telemetry, { isLoopback, limitMs }: AnswererOptions): RequestListener {
  const { database } = telemetry
  const pages: Readonly<Record<string, () => Promise<Answer>>> = {
    '/metrics': shared(0, async () => ({ status: 200, type: PROMETHEUS_TYPE, body: await telemetry.prometheus() })),
    '/livez': async () => yesOrNo(database.live()),
    '/readyz': shared(READY_KEEP_MS, async () => yesOrNo((await database.ready()).ready)),
  }
  const answer = async ({ method = '', url = '', headers }: IncomingMessage): Promise<Answer> => {
    if (isLoopback && !isOwnName(headers.host)) return { status: 421, body: 'misdirected request' }
    const page = pages[url.split('?', 1)[0] ?? '']
    if (!page) return { status: 404, body: 'not found' }
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: 405, body: 'method not allowed', headers: { allow: 'GET, HEAD' } }
    }
    // The reason is for operators: it is in the log, and in `db.healthCheck()`.
    return page().catch(() => ({ status: 500, body: 'failed' }))
  }
  return (request, response) => {
    const cut = setTimeout(() => request.socket.destroy(), limitMs).unref()
    response.once('close', () => clearTimeout(cut))
    request.resume()
    void answer(request).then((given) => send(response, given))
  }
}

function send(response: ServerResponse, { status, body, type = 'text/plain; charset=utf-8', headers }: Answer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

const yesOrNo = (isSo: boolean): Answer => (isSo ? { status: 200, body: 'ok' } : { status: 503, body: 'no' })

/** A page in a browser may reach this port under its own host name, and would read the response. */
function isOwnName(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host)
}
