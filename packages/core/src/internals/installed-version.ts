import { readFileSync } from 'node:fs'
import path from 'node:path'

interface Manifest {
  readonly name?: string
  readonly version?: string
}

/**
 * Returns the version of a package as installed for the module at `from` (an `import.meta.url`), or for the package
 * `via` that this module imports. `unknown` if it cannot be found, as in a bundle.
 */
export function installedVersion(name: string, from: string, via?: string): string {
  const { createRequire } = process.getBuiltinModule('node:module')
  try {
    const importer = via === undefined ? from : createRequire(from).resolve(via)
    return versionAbove(path.dirname(createRequire(importer).resolve(name)), name)
  } catch {
    return 'unknown'
  }
}

/** From the nearest manifest with that name: not every package allows importing its own. */
function versionAbove(folder: string, name: string): string {
  for (let at = folder; at !== path.dirname(at); at = path.dirname(at)) {
    const manifest = readManifest(path.join(at, 'package.json'))
    if (manifest?.name === name) return manifest.version ?? 'unknown'
  }
  return 'unknown'
}

function readManifest(file: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest
  } catch {
    return undefined
  }
}
