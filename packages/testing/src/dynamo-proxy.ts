import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { leaveUnprocessed } from './unprocessed.js'

/** The fault that the proxy applies to one request. */
export type DynamoFault =
  /** Forwards it. */
  | 'pass'
  /** Never answers. */
  | 'hang'
  /** Cuts the connection with a TCP reset, before the request reaches the server. */
  | 'reset'
  /** Forwards it and then cuts the connection: the work is done, its answer lost. */
  | 'lose-answer'
  /** Answers with headers and the beginning of a body, then no more. */
  | 'stall-body'
  /** Answers with a body that arrives one byte at a time forever: the socket is never idle. */
  | 'trickle'
  | DynamoErrorAnswer
  /**
   * Forwards a batch without a number of its last items or keys, or those that contain a text, and reports them as
   * unprocessed.
   */
  | { readonly unprocessed: number | string }
  /** Forwards it and changes the answer, for example to hide what an index would not show yet. */
  | { readonly edit: (answer: DynamoAnswer) => object }

/** A successful answer, as far as tests read it. */
export interface DynamoAnswer {
  readonly Items?: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[]
  readonly [member: string]: unknown
}

/** An error in the form in which DynamoDB returns it. */
export interface DynamoErrorAnswer {
  /** The short name: `ProvisionedThroughputExceededException`. */
  readonly error: string
  /** Default 400. */
  readonly status?: number
  readonly message?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Further members of the body, such as `CancellationReasons`. */
  readonly members?: object
}

/** A request as seen by the proxy. */
export interface DynamoRequest {
  /** 1 for the first since the start or the last `forget()`. */
  readonly number: number
  /** `PutItem`, `Query` ... */
  readonly operation: string
  /** When it arrived, in milliseconds of `performance.now()`. */
  readonly atMs: number
  /** The SDK's own count: `attempt=2; max=3`. */
  readonly attempt: string | undefined
  /** Its JSON text. */
  readonly body: string
}

/** A proxy in front of a DynamoDB endpoint that misbehaves on command. */
export interface DynamoProxy extends AsyncDisposable {
  /** The endpoint for clients. */
  readonly endpoint: string
  /** Every request since the start or the last `forget()`. */
  readonly requests: readonly DynamoRequest[]
  /** Connections accepted since the start. */
  readonly connections: number
  /** The milliseconds between successive requests. */
  gaps(): number[]
  /** Empties `requests`; the next one is number 1 again. */
  forget(): void
  close(): Promise<void>
}

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' }

/**
 * Starts a proxy on a free port of 127.0.0.1.
 *
 * @param endpoint the real server.
 * @param decide chooses the fault of each request.
 */
export async function startDynamoProxy(
  endpoint: string,
  decide: (request: DynamoRequest) => DynamoFault,
): Promise<DynamoProxy> {
  let requests: DynamoRequest[] = []
  let connections = 0
  const sockets = new Set<Socket>()

  const server = createServer(async (incoming, answer) => {
    const body = await text(incoming)
    const request: DynamoRequest = {
      number: requests.length + 1,
      operation: header(incoming, 'x-amz-target')?.split('.')[1] ?? 'unknown',
      atMs: performance.now(),
      attempt: header(incoming, 'amz-sdk-request'),
      body,
    }
    requests.push(request)
    await misbehave(decide(request), { endpoint, incoming, body, answer }).catch(() => incoming.socket.destroy())
  })
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const close = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests
    },
    get connections() {
      return connections
    },
    gaps: () => requests.slice(1).map((request, i) => request.atMs - (requests[i]?.atMs ?? request.atMs)),
    forget() {
      requests = []
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Exchange {
  readonly endpoint: string
  readonly incoming: IncomingMessage
  readonly body: string
  readonly answer: ServerResponse
}

async function misbehave(fault: DynamoFault, exchange: Exchange): Promise<void> {
  const { incoming, body, answer } = exchange
  if (fault === 'hang') return
  if (fault === 'reset') {
    incoming.socket.resetAndDestroy()
  } else if (fault === 'lose-answer') {
    await forward(exchange, body)
    incoming.socket.resetAndDestroy()
  } else if (fault === 'stall-body') {
    answer.writeHead(200, { ...JSON_TYPE, 'content-length': '100' })
    answer.write('{"Ta')
  } else if (fault === 'trickle') {
    answer.writeHead(200, JSON_TYPE)
    const timer = setInterval(() => answer.write(' '), 50)
    answer.on('close', () => clearInterval(timer))
  } else if (fault === 'pass') {
    const { status, text } = await forward(exchange, body)
    answer.writeHead(status, JSON_TYPE).end(text)
  } else if ('edit' in fault) {
    const { status, text } = await forward(exchange, body)
    const edited = status === 200 ? JSON.stringify(fault.edit(JSON.parse(text) as DynamoAnswer)) : text
    answer.writeHead(status, JSON_TYPE).end(edited)
  } else if ('unprocessed' in fault) {
    const left = leaveUnprocessed(body, fault.unprocessed)
    const { status, text } = left.isEmpty ? { status: 200, text: left.emptyAnswer } : await forward(exchange, left.body)
    answer.writeHead(status, JSON_TYPE).end(status === 200 ? left.report(text) : text)
  } else {
    const { error, status = 400, message = error, headers, members } = fault
    answer
      .writeHead(status, { ...JSON_TYPE, ...headers })
      .end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${error}`, message, ...members }))
  }
}

/** Forwards a request. The signature no longer fits a changed body or host; emulators do not check it. */
async function forward(exchange: Exchange, body: string): Promise<{ status: number; text: string }> {
  const { endpoint, incoming } = exchange
  const kept = ['x-amz-target', 'authorization', 'x-amz-date'].map((name) => [name, header(incoming, name) ?? ''])
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...Object.fromEntries(kept) },
    body,
  })
  return { status: response.status, text: await response.text() }
}

function header(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name]
  return Array.isArray(value) ? value[0] : value
}
