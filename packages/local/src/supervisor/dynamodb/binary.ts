import { type ExecFileException, execFile } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { copyFile, rename } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { readVariable } from '@miyabi/core'
import { makeFolder } from '../../shared/files.js'
import { canReach, type RunAs } from '../run-as.js'

export interface DynamodbBinary {
  readonly file: string
  readonly version: string
}

/** Why there is no engine, and what to do: a sentence for people. PostgreSQL starts anyway. */
export interface Unavailable {
  readonly unavailable: string
}

const REMEDY =
  'Add it with `pnpm add --save-dev --workspace-root dynoxide`, or set DYNAMODB_ENDPOINT to any DynamoDB-compatible server.'

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** Resolves `<package>/package.json` from a path and returns the package's folder. */
function packageFolder(name: string, from: string): string | undefined {
  try {
    return path.dirname(createRequire(from).resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

/** `DYNOXIDE_BIN`, the `dynoxide` package's own platform package, that package on its own, then PATH. */
function* places(env: NodeJS.ProcessEnv, workspace: string): Generator<string> {
  const name = process.platform === 'win32' ? 'dynoxide.exe' : 'dynoxide'
  const platformPackage = `@dynoxide/${process.platform}-${process.arch}`
  // The workspace's root may have it too: the remedy above installs it there.
  for (const from of [import.meta.url, path.join(workspace, 'package.json')]) {
    const wrapper = packageFolder('dynoxide', from)
    const nested = wrapper && packageFolder(platformPackage, path.join(wrapper, 'package.json'))
    if (nested) yield path.join(nested, name)
    const direct = packageFolder(platformPackage, from)
    if (direct) yield path.join(direct, name)
  }
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) if (folder) yield path.join(folder, name)
}

function findBinary(env: NodeJS.ProcessEnv, workspace: string): string | Unavailable {
  const named = readVariable(env, 'DYNOXIDE_BIN')
  if (named) {
    if (isExecutable(named)) return named
    return {
      unavailable: `DYNOXIDE_BIN names ${named}, which is not an executable file. Correct or unset it. ${REMEDY}`,
    }
  }
  for (const file of places(env, workspace)) if (isExecutable(file)) return file
  return {
    unavailable: `No DynamoDB engine (dynoxide) is installed for ${process.platform}-${process.arch}. ${REMEDY}`,
  }
}

/** Returns the engine's version, or why it reports none. */
async function askVersion(file: string): Promise<{ readonly version?: string | undefined; readonly problem: string }> {
  const silent = 'it does not report its version'
  try {
    const { stdout } = await promisify(execFile)(file, ['--version'], { timeout: 5_000, windowsHide: true })
    return { version: /dynoxide (\d+\.\d+\.\d+)/.exec(stdout)?.[1], problem: silent }
  } catch (error) {
    const { code, stderr = '', message } = error as ExecFileException
    return { problem: typeof code === 'string' ? message : stderr.trim() || silent }
  }
}

/** The engine's binary, checked by running it; copied to the cache if the server's user cannot reach it. */
export async function resolveDynamodb(
  cache: string,
  runAs: RunAs | undefined,
  workspace: string,
): Promise<DynamodbBinary | Unavailable> {
  const found = findBinary(process.env, workspace)
  if (typeof found !== 'string') return found
  const { version, problem } = await askVersion(found)
  if (!version) {
    return { unavailable: `${found} does not run here (${problem}): is it built for this system? ${REMEDY}` }
  }
  if (await canReach(runAs, found)) return { file: found, version }
  const home = path.join(cache, 'binaries', `dynoxide-${version}-${process.platform}-${process.arch}`)
  const file = path.join(home, 'dynoxide')
  if (!existsSync(file)) {
    makeFolder(path.join(cache, 'binaries'), 0o711)
    makeFolder(home, 0o755)
    const building = `${file}.new-${process.pid}`
    await copyFile(found, building)
    await rename(building, file)
  }
  return { file, version }
}
