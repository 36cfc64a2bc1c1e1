import { type Environment, redactUrl } from '@miyabi/core'

/** The URLs that Prisma uses. */
export interface Datasource {
  readonly url: string
  readonly shadowDatabaseUrl?: string
}

/**
 * Where the engine finds the complete URLs: a process's environment is visible only to its user, its arguments are
 * visible to everyone.
 */
const HIDDEN_URLS = 'MIYABI_ENGINE_URLS'

/**
 * Removes the secrets from URLs that are about to become arguments of a process, which every user of the machine can
 * read in `ps`. With `env` in its environment, the process finds the complete ones.
 */
export function hideSecrets({ url, shadowDatabaseUrl }: Datasource): {
  readonly shown: Datasource
  readonly env: Readonly<Record<string, string>>
} {
  const shown = redactUrl(url)
  if (shadowDatabaseUrl === undefined)
    return { shown: { url: shown }, env: { [HIDDEN_URLS]: JSON.stringify({ [shown]: url }) } }
  const shownShadow = redactUrl(shadowDatabaseUrl)
  return {
    shown: { url: shown, shadowDatabaseUrl: shownShadow },
    env: { [HIDDEN_URLS]: JSON.stringify({ [shownShadow]: shadowDatabaseUrl, [shown]: url }) },
  }
}

/** The complete URL that `url` stands for: itself, if it hides nothing. */
export function wholeUrl(url: string, env: Environment): string {
  const hidden = JSON.parse(env[HIDDEN_URLS] ?? '{}') as Record<string, string>
  return Object.hasOwn(hidden, url) ? (hidden[url] ?? url) : url
}
