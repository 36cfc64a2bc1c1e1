import { readFileSync } from 'node:fs'
import * as domain from '../../packages/postgres/src/schema/domain.js'

const file = new URL('../../packages/postgres/src/schema/domain.ts', import.meta.url)

/** The values of each union in domain.ts, by the union's name. */
export function stateValues(): Map<string, readonly string[]> {
  const lists: Readonly<Record<string, unknown>> = domain
  const unions = readFileSync(file, 'utf8').matchAll(/^export type (\w+) = \(typeof (\w+)\)\[number\]$/gm)
  return new Map([...unions].map(([, name = '', list = '']) => [name, (lists[list] as readonly string[]) ?? []]))
}
