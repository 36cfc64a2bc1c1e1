/** An environment: `process.env`, or any record of strings. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Returns the value of a variable without surrounding whitespace. A blank value is unset. */
export function readVariable(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined
}

/** Whether a variable is set. A blank value is unset. */
export function isSet(env: Environment, name: string): boolean {
  return readVariable(env, name) !== undefined
}

/**
 * Whether this is production: there, nothing replaces a server that is not named, and logins with too many privileges
 * are rejected.
 */
export function isProduction(env: Environment): boolean {
  // biome-ignore lint/plugin: the one place
  return readVariable(env, 'NODE_ENV') === 'production'
}
