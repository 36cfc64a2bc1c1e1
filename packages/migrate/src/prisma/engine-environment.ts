import { type Environment, readVariable } from '@miyabi/core'
import { schemaEnginePath } from './engine-path.js'
import { usesWasmEngine } from './settings.js'

/**
 * The variables that make the Prisma CLI run our engine and contact no server. Empty values are left to the
 * environment: a user's own `PRISMA_SCHEMA_ENGINE_BINARY` takes precedence.
 */
export function engineEnvironment(env: Environment): Readonly<Record<string, string>> {
  return {
    CHECKPOINT_DISABLE: readVariable(env, 'CHECKPOINT_DISABLE') ?? '1',
    ...(usesWasmEngine(env) && {
      PRISMA_SCHEMA_ENGINE_BINARY: readVariable(env, 'PRISMA_SCHEMA_ENGINE_BINARY') ?? schemaEnginePath,
    }),
  }
}
