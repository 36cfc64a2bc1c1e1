import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The installed version of each package, as a caller of this package would get it. */
export function packageVersions(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, installedVersion(name)]))
}

function installedVersion(name: string): string {
  const folder = path.join(import.meta.dirname, '../../node_modules', name)
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string }
  return version
}
