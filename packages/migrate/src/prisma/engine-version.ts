import { readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { EngineMismatchError } from '../errors/errors.js'
import { wasmEngineVersion } from '../internals/schema-engine.js'

interface Manifest {
  readonly name?: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/**
 * Checks that the running Prisma CLI and the WebAssembly engine are of the same build. Their protocol is not public,
 * and a newer CLI with an older engine fails in ways that name neither.
 * @param root where to search for `prisma` when the running script is not the CLI itself.
 * @throws {EngineMismatchError} `migrate.engine_mismatch`
 */
export function checkEngineVersion(root: string, script: string | undefined = process.argv[1]): void {
  const manifestFile = runningPrisma(script) ?? installedPrisma(root)
  if (manifestFile === undefined) return
  const prisma = readManifest(manifestFile)
  const engines = readManifest(createRequire(manifestFile).resolve('@prisma/engines/package.json'))
  const expectedEngine = engines.dependencies?.['@prisma/engines-version'] ?? engines.version
  const installedEngine = wasmEngineVersion()
  if (commit(expectedEngine) !== commit(installedEngine)) {
    throw new EngineMismatchError({ prisma: prisma.version, expectedEngine, installedEngine })
  }
}

/** The manifest of the package whose script runs, if that is `prisma`: also one that `npx prisma@...` has fetched. */
function runningPrisma(script: string | undefined): string | undefined {
  if (script === undefined) return undefined
  let folder: string
  try {
    folder = path.dirname(realpathSync(script))
  } catch {
    return undefined
  }
  const file = path.join(path.dirname(folder), 'package.json') // the CLI is prisma/build/index.js
  try {
    return readManifest(file).name === 'prisma' ? file : undefined
  } catch {
    return undefined
  }
}

function installedPrisma(root: string): string | undefined {
  try {
    return createRequire(path.join(root, 'package.json')).resolve('prisma/package.json')
  } catch {
    return undefined
  }
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest
}

/** `7.10.0-4.0edf323e...` ends in the commit of Prisma's engines. */
function commit(version: string): string {
  return version.split('.').at(-1) ?? version
}
