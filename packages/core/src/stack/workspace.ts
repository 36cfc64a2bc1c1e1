import { existsSync } from 'node:fs'
import path from 'node:path'

/** The nearest folder at or above `from` that holds a `pnpm-workspace.yaml`, or undefined. */
export function findWorkspaceRoot(from: string): string | undefined {
  for (let dir = path.resolve(from); ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, 'pnpm-workspace.yaml'))) return dir
    if (dir === path.dirname(dir)) return undefined
  }
}
