import { fileURLToPath } from 'node:url'

/** The executable that hosts Prisma's WebAssembly schema engine: what `PRISMA_SCHEMA_ENGINE_BINARY` is to name. */
export const schemaEnginePath: string = fileURLToPath(new URL('../../bin/schema-engine.mjs', import.meta.url))
