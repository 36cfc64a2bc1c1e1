import { type Environment, type Logger, redactingLogger, silentLogger } from '@miyabi/core'
import { unreadCredentials } from '@miyabi/dynamo/on-demand'
import { type AttachedEnvironment, attachToStack } from './attach.js'
import { misspelledVariables } from './misspelled.js'
import { type DatabaseSettings, parseDatabaseSettings } from './settings.js'

/** Where settings are read from. */
export interface EnvironmentOptions {
  /** Default `process.env`. */
  readonly env?: Environment
  /** Where the search for the embedded stack starts. Default the current folder. */
  readonly cwd?: string
  /** Default: silent. */
  readonly logger?: Logger
}

/** Settings from an environment and the running stack. */
export interface FoundSettings {
  readonly settings: DatabaseSettings
  /** Why the stack has no DynamoDB on this platform, and what to do; only if the stack would have to provide it. */
  readonly dynamodbUnavailable: string | undefined
  /** Logs what is worth knowing about them: misspelled variables, what the stack replaces. */
  announce(): void
}

/**
 * Reads the settings. With a URL unset outside production they are those of the running embedded stack.
 * @throws {ConfigError} `config.invalid`, naming every fault of both stores' settings.
 */
export function settingsFromEnv(options: EnvironmentOptions): FoundSettings {
  const { env = process.env, cwd = process.cwd() } = options
  const logger = redactingLogger(options.logger ?? silentLogger)
  const attached = attachToStack(env, cwd)
  const missing = [...attached.missing, ...unreadCredentials(env, process.env)]
  try {
    const settings = parseDatabaseSettings(attached.env, missing)
    const { dynamodbUnavailable } = attached
    const announce = (): void => {
      warnOfMisspelled(env, logger)
      sayAttached(attached, logger)
    }
    return { settings, dynamodbUnavailable, announce }
  } catch (error) {
    warnOfMisspelled(env, logger) // which may be what is wrong
    throw error
  }
}

function warnOfMisspelled(env: Environment, logger: Logger): void {
  for (const { name, nearest } of misspelledVariables(env)) {
    logger.warn({ event: 'db.variable_unknown', name, nearest }, `${name} is not a setting; did you mean ${nearest}?`)
  }
}

function sayAttached({ attached, folder, dynamodbUnavailable }: AttachedEnvironment, logger: Logger): void {
  if (attached.length > 0) {
    const names = attached.join(' and ')
    logger.info(
      { event: 'db.attached', variables: attached, folder },
      `${names} unset: using the running embedded stack`,
    )
  }
  if (dynamodbUnavailable !== undefined) {
    logger.warn({ event: 'db.dynamodb_unavailable', reason: dynamodbUnavailable }, dynamodbUnavailable)
  }
}
