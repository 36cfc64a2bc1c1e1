import { type Environment, readVariable } from '@miyabi/core'
import { schemaEnginePath } from './engine-path.js'
import { usesWasmEngine } from './settings.js'

/**
 * The variables that make the Prisma CLI run our engine and call nobody. Empty values are left to the environment: a
 * `PRISMA_SCHEMA_ENGINE_BINARY` of the user's own wins.
 */
export function engineEnvironment(env: Environment): Readonly<Record<string, string>> {
  return {
    CHECKPOINT_DISABLE: readVariable(env, 'CHECKPOINT_DISABLE') ?? '1',
    ...(usesWasmEngine(env) && {
      PRISMA_SCHEMA_ENGINE_BINARY: readVariable(env, 'PRISMA_SCHEMA_ENGINE_BINARY') ?? schemaEnginePath,
    }),
  }
}
