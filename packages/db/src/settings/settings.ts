import { ConfigError, defineSettings, type Environment, field, printable, type SettingFault } from '@miyabi/core'
import { type DynamoSettings, dynamoSettings, parseDynamoSettings } from '@miyabi/dynamo/on-demand'
import { type PostgresSettings, parsePostgresSettings, postgresSettings } from '@miyabi/postgres'
import { type CacheSettings, cacheSettings, parseCacheSettings } from './cache-settings.js'

/** What decides how the two stores are found, beside their own settings. */
export const contextSettings = defineSettings({
  title: 'Environment',
  fields: {
    NODE_ENV: field.pattern({
      doc: '`production` makes DATABASE_URL required and DynamoDB mean AWS. With any other value an unset URL is that of the embedded stack, if one is up.',
      default: 'development',
      matches: /^\w+$/,
      expected: 'one word such as production, development or test',
    }),
    MIYABI_STACK_DIR: field.pattern({
      doc: 'The folder of the embedded stack. Set it to keep several stacks apart, or to put the data on another disk.',
      default: '.miyabi',
      matches: /./,
      expected: 'a path; a relative one starts at the current folder',
    }),
    DB_OUTBOX_MAX_DEPTH: field.optional(
      field.integer({
        doc: 'While so many effects wait for a relay, transactions with effects are refused: `db.outbox.full`. It is counted at most once a second, beside the work, so the outbox goes beyond it by what is written meanwhile. Effects for later do not count.',
        example: '100000',
        default: 100_000,
        min: 1,
        max: 1_000_000,
        unit: 'effects',
      }),
      'no bound',
    ),
    DB_TOKEN_SECRET: field.list(
      field.secret({
        doc: 'Signs the tokens that say what a caller has seen and written (`await me.token()`). Set it, the same in all processes, where one of them may be given what another one gave. The first of two signs, both are taken: to replace one, put the new one in front, and take the old one away a minute later.',
        defaultText: 'a random one for each process',
        example: '',
        minBytes: 32,
      }),
      2,
    ),
    ERASURE_KEY: field.secret({
      doc: 'What `db.erase()` makes the marks with that it leaves of whom it erased, so that a restore of an older backup erases them again, and the list of marks names nobody. Needed by whoever erases or restores, the same for as long as a backup is kept: kept apart from the backups, as `openssl rand -base64 32` prints it.',
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
    /** DB_OUTBOX_MAX_DEPTH. Default: no bound. */
    readonly maxDepth?: number | undefined
  }
  /** DB_TOKEN_SECRET. Default: one of this process. */
  readonly tokenSecrets?: readonly string[]
  /** What the marks of erasures are made with. A secret. */
  readonly erasureKey?: string | undefined
  /** Default: memory alone. */
  readonly cache?: CacheSettings
}

/**
 * Reads the settings of both stores.
 * @param missing faults of variables that are unset and have nothing to stand in for them; they come first.
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

/** Read by the tools around the context rather than by it. */
const toolVariables = ['SHADOW_DATABASE_URL', 'MIYABI_PRISMA_ENGINE', 'MIYABI_CACHE_DIR', 'DYNOXIDE_BIN']

/** Every variable that has a meaning for us. */
export function knownVariables(): string[] {
  return [...settingsGroups.flatMap((group) => Object.keys(group.fields)), ...toolVariables]
}
