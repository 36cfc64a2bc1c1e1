import { type Environment, redactUrl } from '@miyabi/core'

/** The URLs that Prisma knows. */
export interface Datasource {
  readonly url: string
  readonly shadowDatabaseUrl?: string
}

/**
 * Where the engine finds the whole URLs: a process's environment is its user's alone, its arguments are everybody's.
 */
const HIDDEN_URLS = 'MIYABI_ENGINE_URLS'

/**
 * Takes the secrets out of URLs that are about to become arguments of a process, which every user of the machine can
 * read in `ps`. With `env` in its environment, the process finds the whole ones.
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

/** The whole URL that `url` stands for: itself, where it hides nothing. */
export function wholeUrl(url: string, env: Environment): string {
  const hidden = JSON.parse(env[HIDDEN_URLS] ?? '{}') as Record<string, string>
  return Object.hasOwn(hidden, url) ? (hidden[url] ?? url) : url
}
