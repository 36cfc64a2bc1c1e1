/**
 * Whom a statement is about, for the conditions of places. $1 the id; $2 the names, spelled so; $3 a regular expression
 * of what names nobody else in a text; $4 the user who inherits what is kept; $5 names of repositories.
 */
export const PERSON = `WITH person (id, names, pattern, heir, repositories) AS (
  SELECT $1::uuid, $2::text[], $3::text, $4::uuid, $5::text[])`

/** The person's id. */
export const ID = '(SELECT id FROM person)'

/** Whether a text is one of the person's names. */
export const isName = (text: string): string => `${text} = ANY ((SELECT names FROM person)::text[])`

/**
 * Whether a text speaks of the person: by an id, an address, a key. Not by a user name, which may be any word: whoever
 * called themselves `error` would have all lines erased that say so.
 */
export const speaksOf = (text: string): string => `${text} ~* (SELECT pattern FROM person)`

/** A web user's repositories. */
export const REPOSITORIES = `(SELECT id FROM repositories WHERE user_id = ${ID})`

/** The executions of a web user, and those in their repositories, whoever began them: they go with those. */
export const EXECUTIONS = `(SELECT id FROM agent_executions WHERE user_id = ${ID} OR repository_id IN ${REPOSITORIES})`

/** Every license key that a user was given. */
export const LICENSE_KEYS = `(
  SELECT license_key FROM licenses WHERE user_id = ${ID}
  UNION SELECT license_key FROM subscriptions WHERE user_id = ${ID}
  UNION SELECT license_key FROM trials WHERE user_id = ${ID})`

/**
 * Whether a member of a JSON document is one of some texts. Compared as JSON: a text may hold U+0000, which PostgreSQL
 * cannot take out of it.
 */
const isOneOf = (member: string, texts: string): string =>
  `(${member})::text IN (SELECT to_json(one)::text FROM unnest(${texts}) AS one)`

const NAMES = '(SELECT names FROM person)::text[]'
const REPOSITORY_NAMES = '(SELECT repositories FROM person)::text[]'
const AGENTS = `ARRAY(SELECT id::text FROM agent_executions WHERE id IN ${EXECUTIONS})`

/** Effects that a person caused, and those on what there is of them in DynamoDB, whoever caused them. */
export const effectsOf = (kind: 'user' | 'web_user'): string =>
  [
    `(actor_kind = '${kind}' AND actor = ${ID})`,
    `(topic = 'events.append' AND ${isOneOf("payload->'userId'", NAMES)})`,
    `(topic = 'messages.enqueue' AND ${isOneOf("payload->'recipient'", NAMES)})`,
    `(topic = 'agentState.save' AND ${isOneOf("payload->'agentId'", NAMES)})`,
    ...(kind === 'user'
      ? []
      : [
          `(topic = 'events.append' AND ${isOneOf("payload->'repositoryId'", REPOSITORY_NAMES)})`,
          `(topic = 'agentState.save' AND ${isOneOf("payload->'agentId'", AGENTS)})`,
        ]),
    speaksOf('payload::text'),
    speaksOf("coalesce(key, '')"),
    speaksOf("coalesce(last_error, '')"),
  ].join(' OR ')

const IMAGES = ['NewImage', 'OldImage']

/** Records of streams that are a person's items. */
export const recordsOf = (kind: 'user' | 'web_user'): string =>
  [
    ...IMAGES.map((image) => isOneOf(`record #> '{dynamodb,${image},u,S}'`, NAMES)),
    ...IMAGES.map((image) => isOneOf(`record #> '{dynamodb,${image},agentId,S}'`, NAMES)),
    ...(kind === 'user'
      ? []
      : IMAGES.flatMap((image) => [
          isOneOf(`record #> '{dynamodb,${image},r,S}'`, REPOSITORY_NAMES),
          isOneOf(`record #> '{dynamodb,${image},agentId,S}'`, AGENTS),
        ])),
    speaksOf('record::text'),
    speaksOf('message'),
  ].join(' OR ')
