import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { writePrivateFile } from '../shared/files.js'

export const HOST = '127.0.0.1'

/** Ports of the last run: the URLs stay the same over restarts as long as nobody else takes them. */
export interface Ports {
  readonly postgres?: number
  readonly dynamodb?: number
}

const FILE = 'ports.json'

export function readPorts(folder: string): Ports {
  try {
    return JSON.parse(readFileSync(path.join(folder, FILE), 'utf8')) as Ports
  } catch {
    return {}
  }
}

export function writePorts(folder: string, ports: Ports): void {
  writePrivateFile(path.join(folder, FILE), JSON.stringify(ports))
}

/** Whether `port` can be listened on now, and with 0 which free one the system gives. Undefined when it is taken. */
export function probePort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const found = (server.address() as AddressInfo).port
      server.close(() => resolve(found))
    })
  })
}

export async function freePort(): Promise<number> {
  const port = await probePort(0)
  if (port === undefined) throw new Error('the system gives no free port on 127.0.0.1')
  return port
}
