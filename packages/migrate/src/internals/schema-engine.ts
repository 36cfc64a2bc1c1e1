import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { InternalsCheck, internalsOf } from '@miyabi/core'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import { assertInternals } from './check.js'

/**
 * Prisma's WebAssembly engine, all of which is undocumented: what is used of it and why, the version in which it was
 * read, and the only access to it. A start with another version reports what is missing. That the CLI, whose protocol
 * is not public either, is of the same build is checked before it is started: see prisma/engine-version.ts.
 *
 * The bindings' files `schema_engine_bg.js` and `.wasm` are found by name. A test that makes the engine panic covers
 * the panic hook's global.
 */

const ENGINE = {
  package: '@prisma/schema-engine-wasm',
  readIn: '7.10.0-4.0edf323efd1d98336f3f0a68684b56f689b900d3',
}

const require = createRequire(import.meta.url)

const ANSWERS = 'answering the Prisma CLI'

export const ENGINE_INTERNALS = internalsOf(ENGINE, [
  ['bindings', '__wbg_set_wasm', 'function', 'passing the bindings their instance'],
  ['bindings', 'SchemaEngine', 'function', 'creating the engine'],
  ['exports', '__wbindgen_start', 'function', 'starting the instance'],
  ['SchemaEngine', 'new', 'function', 'creating the engine'],
  ['SchemaEngine.prototype', 'applyMigrations', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'createMigration', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'dbExecute', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'debugPanic', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'devDiagnostic', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'diagnoseMigrationHistory', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'diff', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'ensureConnectionValidity', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'evaluateDataLoss', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'introspect', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'markMigrationApplied', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'markMigrationRolledBack', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'reset', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'schemaPush', 'function', ANSWERS],
  ['SchemaEngine.prototype', 'version', 'function', ANSWERS],
])

/** The bindings: an ES module that needs its WebAssembly instance passed in. */
interface Bindings {
  readonly SchemaEngine: typeof SchemaEngine
  __wbg_set_wasm(exports: WebAssembly.Exports): void
}

/** Where the Rust side of the engine leaves the message of a panic. */
export interface PanicRegistry {
  message: string
}

/**
 * The version of the WebAssembly build: Prisma's version, a counter and the commit of its engines, `7.10.0-4.0edf...`.
 */
export function wasmEngineVersion(): string {
  // The package does not export its package.json, so it is read beside the entry.
  const manifest = path.join(path.dirname(require.resolve('@prisma/schema-engine-wasm')), 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

/** What a process holds of Prisma's engine. */
interface LoadedEngine {
  readonly SchemaEngine: Bindings['SchemaEngine']
  readonly panics: PanicRegistry
}

let loaded: Promise<LoadedEngine> | undefined

/**
 * Instantiates Prisma's engine, once per process: the bindings support one instance, and with a second one they would
 * free what the garbage collector finds of the first in the memory of the second.
 * @throws {MigrateInternalsError} `migrate.internals_missing`
 */
export function loadEngine(): Promise<LoadedEngine> {
  loaded ??= load()
  return loaded
}

/**
 * Node 20 cannot import a `.wasm` file as a module, which is what the package's own entry does, so the bindings are
 * given their instance manually.
 */
async function load(): Promise<LoadedEngine> {
  const { bindings, exports } = await instantiateEngine()
  assertInternals(new InternalsCheck(ENGINE_INTERNALS, () => engineHolders(bindings, exports), import.meta.url))
  bindings.__wbg_set_wasm(exports)
  const panics = installPanicRegistry()
  ;(exports['__wbindgen_start'] as () => void)()
  return { SchemaEngine: bindings.SchemaEngine, panics }
}

export async function instantiateEngine(): Promise<{ bindings: Bindings; exports: WebAssembly.Exports }> {
  const bindingsFile = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bindings = (await import('@prisma/schema-engine-wasm/schema_engine_bg')) as unknown as Bindings
  const wasm = readFileSync(path.join(path.dirname(bindingsFile), 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings })
  return { bindings, exports: instance.exports }
}

export function engineHolders(bindings: Partial<Bindings>, exports: WebAssembly.Exports) {
  return {
    bindings,
    exports,
    SchemaEngine: bindings.SchemaEngine,
    'SchemaEngine.prototype': bindings.SchemaEngine?.prototype as unknown,
  }
}

/** The engine's panic hook calls `set_message` of this global. */
function installPanicRegistry(): PanicRegistry {
  const registry = {
    message: '',
    set_message(message: string) {
      registry.message = message
    },
  }
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: registry })
  return registry
}
