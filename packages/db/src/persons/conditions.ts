/**
 * Parameters of a statement about a person, for the conditions of places. $1 the id; $2 the names, exactly as spelled;
 * $3 a regular expression of what identifies only this person in a text; $4 the user who inherits what is kept; $5
 * names of repositories.
 */
export const PERSON = `WITH person (id, names, pattern, heir, repositories) AS (
  SELECT $1::uuid, $2::text[], $3::text, $4::uuid, $5::text[])`

/** The person's id. */
export const ID = '(SELECT id FROM person)'

/** Whether a string is one of the person's names. */
export const isName = (text: string): string => `${text} = ANY ((SELECT names FROM person)::text[])`

/**
 * Whether a text refers to the person: by an id, an address, a key. Not by a user name, which may be any word: erasing
 * a user named `error` would delete all lines that contain it.
 */
export const speaksOf = (text: string): string => `${text} ~* (SELECT pattern FROM person)`

/** A web user's repositories. */
export const REPOSITORIES = `(SELECT id FROM repositories WHERE user_id = ${ID})`

/** The executions of a web user, and those in their repositories, whoever started them: they are deleted with those. */
export const EXECUTIONS = `(SELECT id FROM agent_executions WHERE user_id = ${ID} OR repository_id IN ${REPOSITORIES})`

/** Every license key issued to a user. */
export const LICENSE_KEYS = `(
  SELECT license_key FROM licenses WHERE user_id = ${ID}
  UNION SELECT license_key FROM subscriptions WHERE user_id = ${ID}
  UNION SELECT license_key FROM trials WHERE user_id = ${ID})`

/**
 * Whether a member of a JSON document equals one of some strings. Compared as JSON: a string may contain U+0000, which
 * PostgreSQL cannot extract.
 */
const isOneOf = (member: string, texts: string): string =>
  `(${member})::text IN (SELECT to_json(one)::text FROM unnest(${texts}) AS one)`

const NAMES = '(SELECT names FROM person)::text[]'
const REPOSITORY_NAMES = '(SELECT repositories FROM person)::text[]'
const AGENTS = `ARRAY(SELECT id::text FROM agent_executions WHERE id IN ${EXECUTIONS})`

/** Effects that a person emitted, and those on their data in DynamoDB, whoever emitted them. */
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
