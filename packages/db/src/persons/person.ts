import type { Queries } from '@miyabi/postgres'
import { EXECUTIONS, LICENSE_KEYS, PERSON, REPOSITORIES } from './conditions.js'
import type { PersonKind, Subject } from './mark.js'

export type Service = Pick<Queries, 'query'>

/** A person, and the identifiers of their data. */
export interface Person extends Subject {
  /** Whether they have a row. */
  readonly isKnown: boolean
  /** Identifiers under which events, messages and agents may be stored. */
  readonly names: readonly string[]
  /** Identifiers under which events of their repositories may be stored. */
  readonly repositories: readonly string[]
  /** What identifies only this person in a text, as a regular expression of PostgreSQL. */
  readonly pattern: string
}

/** Columns of a person's row that are their names, and which of them are distinct from every other word. */
const NAMES: Readonly<Record<PersonKind, { readonly table: string; readonly names: string; readonly clear: string }>> =
  {
    user: {
      table: 'users',
      names: 'own.id::text, own.email::text, lower(own.email::text), own.stripe_customer_id',
      clear: 'own.id::text, own.email::text, own.stripe_customer_id',
    },
    web_user: {
      table: 'web_users',
      names:
        'own.id::text, own.email::text, lower(own.email::text), own.github_id::text, own.github_username, own.line_user_id',
      clear: 'own.id::text, own.email::text, own.line_user_id',
    },
  }

/**
 * A name that another person also has leads to that person's data. So does a user name in the form of an id, which
 * GitHub allows.
 */
const unshared = (
  name: string,
): string => `(${name} = own.id::text OR ${name} !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
  AND NOT EXISTS (
    SELECT FROM users AS other WHERE other.id <> own.id AND (other.email = ${name}::citext OR other.stripe_customer_id = ${name}))
  AND NOT EXISTS (
    SELECT FROM web_users AS other WHERE other.id <> own.id AND (
      other.email = ${name}::citext OR other.github_username = ${name} OR other.line_user_id = ${name} OR other.github_id::text = ${name}))`

const ownNames = (columns: string): string =>
  `ARRAY(SELECT DISTINCT name FROM unnest(ARRAY[${columns}]) AS name WHERE name <> '' AND ${unshared('name')})`

const readOwn = (kind: PersonKind): string => {
  const { table, names, clear } = NAMES[kind]
  return `SELECT ${ownNames(names)} AS names, ${ownNames(clear)} AS clear FROM ${table} AS own WHERE own.id = $1`
}

/** Other identifiers of this person alone. */
const READ_KEYS: Readonly<Record<PersonKind, string>> = {
  user: `${PERSON}
    SELECT stripe_subscription_id AS key FROM subscriptions, person WHERE user_id = person.id AND stripe_subscription_id IS NOT NULL
    UNION SELECT license_key FROM ${LICENSE_KEYS} AS keys`,
  web_user: `${PERSON} SELECT connection_id AS key FROM websocket_connections, person WHERE user_id = person.id`,
}

const READ_REPOSITORIES = `${PERSON}
  SELECT named AS name FROM repositories AS own, unnest(ARRAY[own.id::text, own.full_name, own.github_repo_id::text]) AS named
   WHERE own.id IN ${REPOSITORIES}
     AND NOT EXISTS (SELECT FROM repositories AS other WHERE other.full_name = named AND other.user_id <> own.user_id)`

/** The parameters of a statement about a person. */
export const parametersOf = (
  { id, names, pattern, repositories }: Pick<Person, 'id' | 'names' | 'pattern' | 'repositories'>,
  heir: string | null = null,
): readonly unknown[] => [id, names, pattern, heir, repositories]

/** Reads the identifiers of a person. @param also names that the application provided, besides those of their row. */
export async function readPerson(service: Service, subject: Subject, also: readonly string[]): Promise<Person> {
  const { kind, id } = subject
  const { rows } = await service.query<{ readonly names: string[]; readonly clear: string[] }>(readOwn(kind), [id])
  const [own] = rows
  const names = [...new Set([id, ...(own?.names ?? []), ...also])]
  const parameters = parametersOf({ id, names, pattern: '', repositories: [] })
  const keys = await service.query<{ readonly key: string }>(READ_KEYS[kind], parameters)
  const repositories =
    kind === 'user' ? [] : (await service.query<{ readonly name: string }>(READ_REPOSITORIES, parameters)).rows
  const clear = [id, ...(own?.clear ?? []), ...also, ...keys.rows.map(({ key }) => key)]
  return {
    ...subject,
    isKnown: own !== undefined,
    names,
    repositories: [...new Set(repositories.map(({ name }) => name))],
    pattern: patternOf(clear),
  }
}

/** The ids of a web user's executions, whose agents have states in DynamoDB. */
export async function readAgents(service: Service, person: Person): Promise<readonly string[]> {
  if (person.kind === 'user') return []
  const { rows } = await service.query<{ readonly id: string }>(`${PERSON} SELECT id::text FROM ${EXECUTIONS} AS own`, [
    ...parametersOf(person),
  ])
  return rows.map(({ id }) => id)
}

/**
 * Matches one of these words in a text, but not inside a longer word: `bob@x.co` is not in `jbob@x.com`. The end of an
 * escape may precede it, as JSON texts are searched, too.
 */
export function patternOf(words: readonly string[]): string {
  const alternatives = [...new Set(words)].map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return `(?:(?<![\\w.%+@-])|(?<=\\\\[nrtbf])|(?<=\\\\u[0-9a-fA-F]{4}))(?:${alternatives.join('|')})(?![\\w@-]|\\.\\w)`
}
