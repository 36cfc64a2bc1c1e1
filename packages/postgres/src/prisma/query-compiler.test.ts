import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Compiler,
  type CompilerLoading,
  type CompilerRuntime,
  compilerLoadingOf,
  internalsOfClient,
} from '../internals/prisma.js'
import { PrismaClient } from '../schema/prisma.js'
import { decoded, improveLoading, withSharedCompiler } from './query-compiler.js'

const { resolve } = createRequire(import.meta.url)
let folder: string
let loading: CompilerLoading
let version: string
let schema: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'miyabi-query-compiler-'))
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: 'postgresql://localhost:1/none' }) })
  const { _engine, _clientVersion, _engineConfig } = internalsOfClient(client)
  loading = compilerLoadingOf(_engine)
  version = _clientVersion
  schema = _engineConfig.inlineSchema
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the file of the query compiler', () => {
  it('is decoded to what Prisma imports', () => {
    const file = resolve('@prisma/client/runtime/query_compiler_small_bg.postgresql.wasm-base64.js')
    const { wasm } = createRequire(import.meta.url)(file) as { readonly wasm: string }
    expect(wasm.length).toBeGreaterThan(1_000_000)
    expect(decoded(file).equals(Buffer.from(wasm, 'base64'))).toBe(true)
  })

  it('is decoded whatever its length', () => {
    const file = path.join(folder, 'any.js')
    const around = (length: number) => fc.integer({ min: Math.max(0, length - 9), max: length + 9 })
    const lengths = fc.oneof(around(0), around(3 * 16_384), around(6 * 16_384))
    fc.assert(
      fc.property(lengths, fc.nat(200), fc.nat(255), (length, before, byte) => {
        const bytes = Buffer.alloc(length, byte).map((each, at) => each ^ at)
        writeFileSync(
          file,
          `${'/'.repeat(before)}const wasm = "${Buffer.from(bytes).toString('base64')}"\nexport { wasm }`,
        )
        expect(decoded(file).equals(bytes)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('is left to Prisma in another version, and where it is not found', async () => {
    const own = {}
    const prismas = (): CompilerLoading => ({ ...loading, getQueryCompilerWasmModule: async () => own })
    const [other, unknown, known] = [prismas(), { ...prismas(), importName: './unknown.js' }, prismas()]
    improveLoading(other, '7.0.0')
    improveLoading(unknown, version)
    improveLoading(known, version)
    expect(await other.getQueryCompilerWasmModule()).toBe(own)
    expect(await unknown.getQueryCompilerWasmModule()).toBe(own)
    expect(await known.getQueryCompilerWasmModule()).not.toBe(own)
  })
})

describe('the compiler of a schema', () => {
  const request = JSON.stringify({
    modelName: 'Plugin',
    action: 'findUnique',
    query: { arguments: { where: { id: 'x' } }, selection: { $composites: true, $scalars: true } },
  })
  const connectionInfo = { schemaName: 'public', maxBindValues: 32_766, supportsRelationJoins: true }
  const options = (datamodel: string) => ({ datamodel, provider: 'postgres', connectionInfo })

  let runtimeOfPrisma: CompilerRuntime
  /** As Prisma does: once a process, because the runtime remembers views of its memory. */
  beforeAll(async () => {
    runtimeOfPrisma = await loading.getRuntime()
    const imports = runtimeOfPrisma as CompilerRuntime & { __wbg_set_wasm(exports: unknown): void }
    const { WebAssembly: wasm } = globalThis as unknown as {
      WebAssembly: { Instance: new (module: object, imports: object) => { exports: { __wbindgen_start(): void } } }
    }
    const instance = new wasm.Instance(await loading.getQueryCompilerWasmModule(), { [loading.importName]: imports })
    imports.__wbg_set_wasm(instance.exports)
    instance.exports.__wbindgen_start()
  })

  /** Prisma's runtime with a compiler that counts itself. */
  function counted(): { readonly runtime: CompilerRuntime; readonly counts: { made: number; freed: number } } {
    const counts = { made: 0, freed: 0 }
    const { QueryCompiler } = runtimeOfPrisma
    class Counted extends QueryCompiler {
      constructor(given: object) {
        super(given)
        counts.made += 1
      }
      override free(): void {
        super.free()
        counts.freed += 1
      }
    }
    return { runtime: withSharedCompiler({ ...runtimeOfPrisma, QueryCompiler: Counted }), counts }
  }

  it('is made once for all engines, and freed with the last one', () => {
    const { runtime, counts } = counted()
    const [one, other] = [new runtime.QueryCompiler(options(schema)), new runtime.QueryCompiler(options(schema))]
    expect(counts).toEqual({ made: 1, freed: 0 })
    const plan = one.compile(request)
    expect(other.compile(request)).toEqual(plan)
    one.free()
    expect(other.compile(request)).toEqual(plan)
    expect(() => one.compile(request)).toThrow('freed')
    one.free()
    expect(other.compile(request)).toEqual(plan)
    other.free()
    expect(counts).toEqual({ made: 1, freed: 1 })
    const again = new runtime.QueryCompiler(options(schema))
    expect(again.compile(request)).toEqual(plan)
    again.free()
    expect(counts).toEqual({ made: 2, freed: 2 })
  })

  it('is that of the schema', () => {
    const { runtime, counts } = counted()
    const one = new runtime.QueryCompiler(options(schema))
    const other = new runtime.QueryCompiler(options(schema.replace('@@map("plugins")', '@@map("other_plugins")')))
    expect(counts.made).toBe(2)
    expect(JSON.stringify(one.compile(request))).toContain('plugins')
    expect(JSON.stringify(other.compile(request))).toContain('other_plugins')
    one.free()
    other.free()
  })

  it('ends well after a panic, which leaves it borrowed', () => {
    class Panicked implements Compiler {
      compile(): never {
        throw new Error('unreachable')
      }
      compileBatch(): never {
        throw new Error('unreachable')
      }
      free(): never {
        throw new Error('attempted to take ownership of Rust value while it was borrowed')
      }
    }
    const { QueryCompiler } = withSharedCompiler({ ...runtimeOfPrisma, QueryCompiler: Panicked })
    const one = new QueryCompiler(options(schema))
    expect(() => one.compile(request)).toThrow('unreachable')
    one.free()
  })

  it('is not made for options that it rejects', () => {
    const { runtime, counts } = counted()
    expect(() => new runtime.QueryCompiler({ ...options(schema), provider: 'none' })).toThrow()
    expect(counts).toEqual({ made: 0, freed: 0 })
  })
})
