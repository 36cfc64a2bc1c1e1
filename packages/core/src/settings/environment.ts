/** An environment: `process.env`, or any record of texts. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What a variable says, without the blanks around it. A blank one is unset. */
export function readVariable(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined
}

/** Whether a variable says anything. A blank one does not. */
export function isSet(env: Environment, name: string): boolean {
  return readVariable(env, name) !== undefined
}

/**
 * Whether this is production: nothing there stands in for a server that is not named, and doubtful logins are refused.
 */
export function isProduction(env: Environment): boolean {
  // biome-ignore lint/plugin: the one place
  return readVariable(env, 'NODE_ENV') === 'production'
}
