import { ask } from '../http.js'

/** How long an expired item may stay. AWS takes up to days; here a developer is watching. */
const SWEEP_EVERY_MS = 5_000

/**
 * The engine stores the time to live but never applies it on its own: it must be triggered through its tool port.
 * Sweeps immediately and then regularly; returns a function that stops it.
 */
export function startSweeping(tool: { readonly port: number; readonly token: string }): () => void {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'sweep_ttl', arguments: {} },
  })
  const headers = {
    authorization: `Bearer ${tool.token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  let ended = false
  let timer: NodeJS.Timeout | undefined
  const sweep = async (): Promise<void> => {
    await ask({ port: tool.port, path: '/mcp', method: 'POST', headers, body })
    if (!ended) timer = setTimeout(sweep, SWEEP_EVERY_MS)
  }
  void sweep()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}
