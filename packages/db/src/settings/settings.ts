import { ConfigError, defineSettings, type Environment, field, printable, type SettingFault } from '@miyabi/core'
import { type DynamoSettings, dynamoSettings, parseDynamoSettings } from '@miyabi/dynamo/on-demand'
import type { PostgresSettings } from '@miyabi/postgres'
import { parsePostgresSettings, postgresSettings } from '@miyabi/postgres/on-demand'
import { type CacheSettings, cacheSettings, parseCacheSettings } from './cache-settings.js'

/** How the two stores are found, besides their own settings. */
export const contextSettings = defineSettings({
  title: 'Environment',
  fields: {
    NODE_ENV: field.pattern({
      doc: '`production` makes DATABASE_URL required and DynamoDB mean AWS. With any other value an unset URL is that of the embedded stack, if it is running.',
      default: 'development',
      matches: /^\w+$/,
      expected: 'one word such as production, development or test',
    }),
    MIYABI_STACK_DIR: field.pattern({
      doc: 'The folder of the embedded stack. Set it to separate several stacks, or to put the data on another disk.',
      default: '.miyabi',
      matches: /./,
      expected: 'a path; a relative one starts at the current folder',
    }),
    DB_OUTBOX_MAX_DEPTH: field.optional(
      field.integer({
        doc: 'While this many effects wait for a relay, transactions with effects are refused: `db.outbox.full`. The outbox is counted at most once a second, beside the work, so it exceeds the limit by what is written meanwhile. Delayed effects do not count.',
        example: '100000',
        default: 100_000,
        min: 1,
        max: 1_000_000,
        unit: 'effects',
      }),
      'no limit',
    ),
    DB_TOKEN_SECRET: field.list(
      field.secret({
        doc: 'Signs the tokens that state what a caller has read and written (`await me.token()`). Set it, to the same value in all processes, if one of them may receive tokens that another issued. The first of two secrets signs, both are accepted: to replace one, put the new one first, and remove the old one a minute later.',
        defaultText: 'a random one for each process',
        example: '',
        minBytes: 32,
      }),
      2,
    ),
    ERASURE_KEY: field.secret({
      doc: 'Key of the marks that `db.erase()` records for erased persons, so that a restore of an older backup erases them again, and the list of marks identifies no one. Required for erasing and restoring, and constant for as long as a backup is kept: store it apart from the backups, as printed by `openssl rand -base64 32`.',
      defaultText: 'none',
      example: '',
      minBytes: 32,
    }),
  },
})

/** Every group of settings that a context reads, in the order of the reference. */
export const settingsGroups = [contextSettings, postgresSettings, dynamoSettings, cacheSettings] as const

/** The settings of both stores as values. Every duration is in milliseconds. */
export interface DatabaseSettings {
  readonly postgres: PostgresSettings
  readonly dynamo: DynamoSettings
  readonly outbox?: {
    /** DB_OUTBOX_MAX_DEPTH. Default: no limit. */
    readonly maxDepth?: number | undefined
  }
  /** DB_TOKEN_SECRET. Default: one of this process. */
  readonly tokenSecrets?: readonly string[]
  /** The key of the marks of erasures. A secret. */
  readonly erasureKey?: string | undefined
  /** Default: memory alone. */
  readonly cache?: CacheSettings
}

/**
 * Reads the settings of both stores.
 * @param missing faults of variables that are unset and have no replacement; they come first.
 * @throws {ConfigError} `config.invalid`, naming every fault of both, with no secret in it.
 */
export function parseDatabaseSettings(env: Environment, missing: readonly SettingFault[] = []): DatabaseSettings {
  const context = collect(() => contextSettings.parse(env))
  const postgres = collect(() => parsePostgresSettings(env))
  const dynamo = collect(() => parseDynamoSettings(env))
  const cache = collect(() => parseCacheSettings(env))
  const faults = new Map<string, SettingFault>()
  for (const fault of [...missing, ...context.faults, ...postgres.faults, ...dynamo.faults, ...cache.faults]) {
    if (!faults.has(fault.name)) faults.set(fault.name, fault)
  }
  if (faults.size > 0 || !context.value || !postgres.value || !dynamo.value || !cache.value)
    throw new ConfigError([...faults.values()])
  const { DB_OUTBOX_MAX_DEPTH: maxDepth, DB_TOKEN_SECRET: tokenSecrets, ERASURE_KEY: erasureKey } = context.value
  return printable({
    postgres: postgres.value,
    dynamo: dynamo.value,
    cache: cache.value,
    ...(maxDepth !== undefined && { outbox: { maxDepth } }),
    ...(tokenSecrets.length > 0 && { tokenSecrets }),
    ...(erasureKey !== undefined && { erasureKey }),
  })
}

interface Collected<T> {
  readonly value?: T
  readonly faults: readonly SettingFault[]
}

function collect<T>(parse: () => T): Collected<T> {
  try {
    return { value: parse(), faults: [] }
  } catch (error) {
    if (error instanceof ConfigError) return { faults: error.details.faults }
    throw error
  }
}

/** Read by the tools around the context rather than by the context. */
const toolVariables = ['SHADOW_DATABASE_URL', 'MIYABI_PRISMA_ENGINE', 'MIYABI_CACHE_DIR', 'DYNOXIDE_BIN']

/** Every variable that we define. */
export function knownVariables(): string[] {
  return [...settingsGroups.flatMap((group) => Object.keys(group.fields)), ...toolVariables]
}
