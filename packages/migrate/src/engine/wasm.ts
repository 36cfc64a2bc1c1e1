import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'

const require = createRequire(import.meta.url)

/** The bindings: an ES module that needs its WebAssembly instance handed in. */
interface Bindings {
  readonly SchemaEngine: typeof SchemaEngine
  __wbg_set_wasm(exports: WebAssembly.Exports): void
}

/** Where the Rust side of the engine leaves the message of a panic. */
export interface PanicRegistry {
  message: string
}

/** The version of the WebAssembly build: Prisma's version, a counter and the commit of its engines, `7.10.0-4.0edf...`. */
export function wasmEngineVersion(): string {
  // The package does not export its package.json, so it is read beside the entry.
  const manifest = path.join(path.dirname(require.resolve('@prisma/schema-engine-wasm')), 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

/**
 * Instantiates Prisma's engine. Node 20 cannot import a `.wasm` file as a module, which is what the package's own entry does, so
 * the bindings are given their instance by hand.
 */
export async function loadEngine(): Promise<{ SchemaEngine: Bindings['SchemaEngine']; panics: PanicRegistry }> {
  const bindingsFile = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bindings = (await import('@prisma/schema-engine-wasm/schema_engine_bg')) as unknown as Bindings
  const wasm = readFileSync(path.join(path.dirname(bindingsFile), 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings })
  bindings.__wbg_set_wasm(instance.exports)
  const panics = installPanicRegistry()
  ;(instance.exports.__wbindgen_start as () => void)()
  return { SchemaEngine: bindings.SchemaEngine, panics }
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
