import { readFileSync } from 'node:fs'
import path from 'node:path'

interface Manifest {
  readonly name?: string
  readonly version?: string
}

/** A package as installed. */
export interface InstalledPackage {
  readonly folder: string
  readonly version: string
}

/**
 * Returns the version of a package as installed for the module at `from` (an `import.meta.url`), or for the package
 * `via` that this module imports. `unknown` if it cannot be found, as in a bundle.
 */
export function installedVersion(name: string, from: string, via?: string): string {
  return installedPackage(name, from, via)?.version ?? 'unknown'
}

/** Returns where that package is, and its version; undefined if it cannot be found. */
export function installedPackage(name: string, from: string, via?: string): InstalledPackage | undefined {
  const { createRequire } = process.getBuiltinModule('node:module')
  try {
    const importer = via === undefined ? from : createRequire(from).resolve(via)
    return packageAbove(path.dirname(createRequire(importer).resolve(name)), name)
  } catch {
    return undefined
  }
}

/** From the nearest manifest with that name: not every package allows importing its own. */
function packageAbove(folder: string, name: string): InstalledPackage | undefined {
  for (let at = folder; at !== path.dirname(at); at = path.dirname(at)) {
    const manifest = readManifest(path.join(at, 'package.json'))
    if (manifest?.name === name) return { folder: at, version: manifest.version ?? 'unknown' }
  }
  return undefined
}

function readManifest(file: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest
  } catch {
    return undefined
  }
}
