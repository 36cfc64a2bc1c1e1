import { fileURLToPath } from 'node:url'

/** The executable that hosts Prisma's WebAssembly schema engine: the value for `PRISMA_SCHEMA_ENGINE_BINARY`. */
export const schemaEnginePath: string = fileURLToPath(new URL('../../bin/schema-engine.mjs', import.meta.url))
