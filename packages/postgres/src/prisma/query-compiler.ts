import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import { installedPackage } from '@miyabi/core'
import type { Compiler, CompilerLoading, CompilerRuntime } from '../internals/prisma.js'

/** The types of Node do not include it. */
const { WebAssembly: webAssembly } = globalThis as unknown as {
  readonly WebAssembly: { compile(bytes: Uint8Array): Promise<object> }
}

/** The configurations whose compiler is loaded in this way. Clients of one class share theirs. */
const improved = new WeakSet<CompilerLoading>()

/**
 * Makes Prisma load its query compiler in less time, and once for all engines that have the same schema:
 *
 * - Prisma has it as text of 2 MB in a JavaScript file. Parsing that takes Node longer than everything else that loads
 *   it, so the file is read as text. In a bundle, or with another version of Prisma, Prisma does it its own way.
 * - Each engine has a compiler, which parses the schema, and a client has two engines: one plans, the other executes.
 *
 * @param loading of a client that has not loaded its compiler yet; changed in place.
 * @param version of Prisma that the client was generated with.
 */
export function improveLoading(loading: CompilerLoading, version: string): void {
  if (improved.has(loading)) return
  improved.add(loading)
  const { getRuntime, getQueryCompilerWasmModule } = loading
  let runtime: Promise<CompilerRuntime> | undefined
  loading.getRuntime = () => {
    runtime ??= getRuntime().then(withSharedCompiler)
    return runtime
  }
  loading.getQueryCompilerWasmModule = async () =>
    (await compilerFromFile(loading.importName, version)) ?? (await getQueryCompilerWasmModule())
}

/** Returns the compiler that Prisma's own import returns; undefined if its file is not found or has another form. */
async function compilerFromFile(importName: string, version: string): Promise<object | undefined> {
  const installed = installedPackage('@prisma/client', import.meta.url)
  const [, name] = /^\.\/(\w+)\.js$/.exec(importName) ?? []
  if (installed === undefined || installed.version !== version || name === undefined) return undefined
  const file = path.join(installed.folder, 'runtime', `${name}.postgresql.wasm-base64.js`)
  try {
    const compiler = await webAssembly.compile(decoded(file))
    await afterPoll()
    return compiler
  } catch {
    return undefined
  }
}

/** A multiple of four characters of base64, which are three bytes. */
const PORTION = 64 * 1024

/**
 * Returns what the first literal of a file contains, as base64. In portions, because the time goes into memory that is
 * used for the first time: the text as a whole would take as long as everything else.
 */
export function decoded(file: string): Buffer {
  const fd = openSync(file, 'r')
  try {
    const bytes = Buffer.allocUnsafeSlow(Math.ceil((fstatSync(fd).size * 3) / 4))
    const portion = Buffer.allocUnsafeSlow(PORTION)
    let length = 0
    let at = portion.subarray(0, readSync(fd, portion, 0, PORTION, 0)).indexOf(QUOTE) + 1
    for (;;) {
      const read = portion.subarray(0, readSync(fd, portion, 0, PORTION, at))
      const end = read.indexOf(QUOTE)
      const usable = end < 0 ? read.length - (read.length % 4) : end
      length += bytes.write(read.toString('latin1', 0, usable), length, 'base64')
      if (end >= 0 || usable === 0) return bytes.subarray(0, length)
      at += usable
    }
  } finally {
    closeSync(fd)
  }
}

const QUOTE = 0x22

/**
 * Resolves when what has arrived from servers was handled. Between long steps of a start: a connection in the middle of
 * its login sends its next message, and the server works on it meanwhile.
 */
export function afterPoll(): Promise<void> {
  // The first one is called before the next poll, the second one after it.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

/** A compiler, and by how many engines it is used. */
interface Shared {
  readonly compiler: Compiler
  users: number
}

/** Prisma's runtime of the compiler, in which engines with equal options use one compiler until all have freed it. */
export function withSharedCompiler(runtime: CompilerRuntime): CompilerRuntime {
  const { QueryCompiler } = runtime
  const all = new Map<string, Shared>()
  return {
    ...runtime,
    QueryCompiler: class implements Compiler {
      readonly #key: string
      #shared: Shared | undefined

      constructor(options: object) {
        this.#key = JSON.stringify(options)
        const shared = all.get(this.#key) ?? { compiler: new QueryCompiler(options), users: 0 }
        shared.users += 1
        all.set(this.#key, shared)
        this.#shared = shared
      }

      compile(request: string): unknown {
        return this.#used().compiler.compile(request)
      }

      compileBatch(request: string): unknown {
        return this.#used().compiler.compileBatch(request)
      }

      /** It may be freed twice, like Prisma's. A compiler that panicked cannot be freed: only its memory is lost. */
      free(): void {
        const shared = this.#shared
        if (!shared) return
        this.#shared = undefined
        shared.users -= 1
        if (shared.users > 0) return
        all.delete(this.#key)
        try {
          shared.compiler.free()
        } catch {}
      }

      #used(): Shared {
        if (!this.#shared) throw new Error('this query compiler was freed')
        return this.#shared
      }
    },
  }
}
