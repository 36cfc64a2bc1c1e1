import { parseTarget } from '@miyabi/migrate'

/** Which server and database a URL means, without its login: `127.0.0.1:5432/miyabi`. */
export function serverName(url: string): string {
  const { host, port, database } = parseTarget(url)
  return `${host}:${port}/${database}`
}
