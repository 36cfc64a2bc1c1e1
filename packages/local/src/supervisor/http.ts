import type { IncomingHttpHeaders } from 'node:http'
import { HOST } from './ports.js'

const TIMEOUT_MS = 5_000

export interface Question {
  /** Default: 127.0.0.1. */
  readonly host?: string
  readonly port: number
  readonly path: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends a request to one of our servers; undefined if there is no answer. */
export function ask(
  question: Question,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders } | undefined> {
  const { host = HOST, port, path, method = 'GET', headers = {}, body } = question
  const { request } = process.getBuiltinModule('node:http') // loaded while the first server starts, not before
  return new Promise((resolve) => {
    const sent = request({ host, port, path, method, headers, agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.resume()
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }))
      response.once('error', () => resolve(undefined))
    })
    sent.once('timeout', () => sent.destroy())
    sent.once('error', () => resolve(undefined))
    sent.end(body)
  })
}
