import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import { toRequestError } from '../script/request-error.js'
import type { Run } from '../script/run.js'
import { findMethod, type LazyEngine } from './engine.js'

type Id = number | string | null

interface Request {
  readonly id: Id
  readonly method?: string
  readonly params?: unknown
}

/** A message to the CLI, without the `jsonrpc` member. */
export type Message =
  | { readonly id: Id; readonly result: unknown }
  | { readonly id: Id; readonly error: RpcError }
  | { readonly id: Id; readonly method: 'print'; readonly params: { readonly content: string } }

interface RpcError {
  readonly code: number
  readonly message: string
  readonly data?: object
}

const PARSE_ERROR = -32700
const METHOD_NOT_FOUND = -32601
/** The native engine's code for every failure; the details are in `data`. */
const ENGINE_ERROR = 4466

/** Serves the CLI's requests, one JSON object per line and one at a time, as the native engine does. */
export class RpcServer {
  private readonly engine: LazyEngine
  private readonly run: Run
  private readonly send: (message: Message) => void
  private prints = 0
  private current: { readonly id: Id; readonly done: Promise<void> } | undefined

  constructor(engine: LazyEngine, run: Run, send: (message: Message) => void) {
    this.engine = engine
    this.run = run
    this.send = send
  }

  /** Resolves when the input has ended and the last request is answered. */
  async serve(input: Readable): Promise<void> {
    for await (const line of createInterface({ input })) {
      if (!line.trim()) continue
      let request: Request
      try {
        request = JSON.parse(line) as Request
      } catch {
        this.send({ id: null, error: { code: PARSE_ERROR, message: 'Parse error' } })
        continue
      }
      if (request.method === undefined) continue // the CLI's reply to a `print` of ours
      const done = this.answer(request, request.method)
      this.current = { id: request.id, done }
      await done
      this.current = undefined
    }
  }

  /** The request in progress, and its end. */
  get underWay(): { readonly id: Id; readonly done: Promise<void> } | undefined {
    return this.current
  }

  private async answer({ id, params }: Request, name: string): Promise<void> {
    const method = findMethod(name)
    if (!method) {
      const message = `Method not found: ${name}`
      this.send({ id, error: { code: METHOD_NOT_FOUND, message, data: { is_panic: false, message } } })
      return
    }
    this.run.begin(name)
    try {
      const engine: SchemaEngine = await this.engine.get()
      const print = (content: string): void => this.print(content)
      const result = await method(engine, (params ?? {}) as never, print, this.engine.connections)
      this.send({ id, result: result ?? {} }) // the CLI treats a response without a result as broken
    } catch (error) {
      this.send({ id, error: this.toRpcError(error, name) })
    }
  }

  private print(content: string): void {
    this.prints += 1
    this.send({ id: `print-${this.prints}`, method: 'print', params: { content } })
  }

  private toRpcError(error: unknown, method: string): RpcError {
    const panic = this.engine.takePanic()
    if (panic !== undefined || error instanceof WebAssembly.RuntimeError) {
      return panicError(panic ?? String(error), error instanceof Error ? error.stack : undefined)
    }
    const { message, details } = toRequestError(error, method, this.run)
    return engineError({ is_panic: false, message, error_code: details.prismaCode, meta: details.meta })
  }
}

/** A response that makes the CLI report a crash of the engine. */
export function panicError(message: string, backtrace: string | undefined): RpcError {
  return engineError({ is_panic: true, message, backtrace, error: { message } })
}

function engineError(data: object): RpcError {
  return { code: ENGINE_ERROR, message: 'An error happened. Check the data field for details.', data }
}
