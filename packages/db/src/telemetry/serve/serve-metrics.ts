import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Database } from '../../context/context.js'
import { observe, type Telemetry } from '../observe.js'
import { answerer } from './answerer.js'
import { TelemetryError } from './telemetry-error.js'

export interface ServeMetricsOptions {
  /** Default 9464, as in OpenTelemetry's own exporter; 0 for any free port. */
  readonly port?: number
  /**
   * The address to listen on. Default `127.0.0.1`: only this machine reads them. `0.0.0.0` in a container that
   * Prometheus must reach; there is no password.
   */
  readonly host?: string
}

/** Serves the metrics of a database until it is closed. It does not keep the process alive. */
export interface MetricsServer extends AsyncDisposable {
  /** Its address: `http://127.0.0.1:9464`. */
  readonly url: string
  /** Waits for responses in progress, for at most a second. */
  close(): Promise<void>
}

/** How long one response may take to its last byte, in milliseconds: as long as a scrape of Prometheus waits. */
const ANSWER_LIMIT_MS = 10_000
/** The most connections. Any beyond that are closed immediately. */
const MAX_CONNECTIONS = 64
const CLOSE_LIMIT_MS = 1_000

/**
 * Serves `/metrics` (for Prometheus), `/livez` and `/readyz` (for an orchestrator: 200 or 503, with the reason only in
 * the log) over HTTP.
 *
 * ```ts
 * await using server = await serveMetrics(db, { port: 9464 })
 * ```
 *
 * @param source a database, which is then observed while the server runs, or the result of `observe()`.
 * @throws {TelemetryError} `telemetry.invalid_options`; `telemetry.address_in_use`; `telemetry.cannot_listen` for any
 * other refusal of the system.
 */
export async function serveMetrics(
  source: Database | Telemetry,
  options: ServeMetricsOptions = {},
): Promise<MetricsServer> {
  const { port = 9464, host = '127.0.0.1' } = options
  assertAddress(host, port)
  const isTelemetry = 'prometheus' in source
  const telemetry = isTelemetry ? source : observe(source)
  const server = createServer({
    headersTimeout: ANSWER_LIMIT_MS / 2,
    requestTimeout: ANSWER_LIMIT_MS / 2,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 8 * 1024,
  })
  server.maxConnections = MAX_CONNECTIONS
  // Its only work is responding to others: a process without other work may end.
  server.on('connection', (socket) => socket.unref())
  server.on('request', answerer(telemetry, { isLoopback: isLoopback(host), limitMs: ANSWER_LIMIT_MS }))
  try {
    await listen(server, host, port)
  } catch (error) {
    if (!isTelemetry) telemetry[Symbol.dispose]()
    throw error
  }
  server.unref()
  const close = async (): Promise<void> => {
    await closed(server)
    if (!isTelemetry) telemetry[Symbol.dispose]()
  }
  return { url: urlOf(server.address() as AddressInfo), close, [Symbol.asyncDispose]: close }
}

function assertAddress(host: string, port: number): void {
  const problem =
    !Number.isInteger(port) || port < 0 || port > 65_535
      ? 'the port of serveMetrics() must be an integer from 0 to 65535'
      : typeof host !== 'string' || !/^[\w.:%-]+$/.test(host)
        ? 'the host of serveMetrics() must be an address of this machine, such as 127.0.0.1, or its name'
        : undefined
  if (problem !== undefined) throw new TelemetryError('telemetry.invalid_options', problem, { details: { host, port } })
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(error, host, port)))
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function refusal(cause: NodeJS.ErrnoException, host: string, port: number): TelemetryError {
  const details = { host, port, system: cause.code }
  if (cause.code === 'EADDRINUSE') {
    return new TelemetryError('telemetry.address_in_use', `Another server listens on port ${port} of ${host}`, {
      cause,
      details,
      remedy: 'give serveMetrics() another port, or use one server of a process for all its databases',
    })
  }
  return new TelemetryError('telemetry.cannot_listen', `Cannot listen on port ${port} of ${host} (${cause.code})`, {
    cause,
    details,
    remedy: 'set the host to an address of this machine, and the port to one that this user may use',
  })
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_LIMIT_MS)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

const urlOf = ({ address, port, family }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
