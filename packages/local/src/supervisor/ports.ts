import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { writePrivateFile } from '../shared/files.js'

export const HOST = '127.0.0.1'

/** Ports of the last run: the URLs stay the same across restarts as long as the ports are free. */
export interface Ports {
  readonly postgres?: number
  readonly dynamodb?: number
  /** The address of the DynamoDB engine, besides its port. */
  readonly dynamodbHost?: string
  /** The standbys' ports, the first one's first. */
  readonly replicas?: readonly number[]
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

/** Returns `port` if it can be listened on now, or for 0 a free one chosen by the system. Undefined if it is taken. */
export function probePort(port: number, host: string = HOST): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host, exclusive: true }, () => {
      const found = (server.address() as AddressInfo).port
      server.close(() => resolve(found))
    })
  })
}

export async function freePort(host: string = HOST): Promise<number> {
  const port = await probePort(0, host)
  if (port === undefined) throw new Error(`the system has no free port on ${host}`)
  return port
}

/**
 * A loopback address that nobody can guess, for a server without a password: a web page may try every port of
 * 127.0.0.1, but not every port of sixteen million addresses. Only Linux can listen on all of them without
 * configuration; elsewhere it is 127.0.0.1.
 */
export async function unguessableHost(): Promise<string> {
  if (process.platform !== 'linux') return HOST
  // 127.1.0.1 to 127.254.255.254: not 127.0.0.x, where the system's own resolver listens.
  const host = `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`
  return (await probePort(0, host)) === undefined ? HOST : host
}
