import { DYNAMODB_ENDPOINTS, defined, defineSettings, type Environment, field, printable } from '@miyabi/core'
import { type CredentialSource, givenCredentials } from './credentials.js'
import { isAwsEndpoint, isLocalEndpoint, namesAwsCredentials } from './endpoint.js'

/** What is allowed as a region in a signature. */
const REGION_WORD = /^[A-Za-z0-9_-]{1,64}$/

/** A region's form: `ap-northeast-1`, `us-gov-west-1`, `eusc-de-east-1`. Excludes names that AWS could not use. */
const REGION = /^[a-z]{2,4}(-(gov|iso[a-z]?|de))?-(central|(north|south)?(east|west)|north|south)-[1-9]$/

const endpointUrl = { protocols: ['http', 'https'], example: 'http://127.0.0.1:8000' } as const

/** The settings that the DynamoDB side reads from the environment. */
export const dynamoSettings = defineSettings({
  title: 'DynamoDB',
  fields: {
    AWS_REGION: field.pattern({
      doc: 'The AWS region of the tables.',
      default: 'ap-northeast-1',
      matches: REGION_WORD,
      expected: 'the name of an AWS region such as ap-northeast-1, or any word for a server other than AWS',
    }),
    DYNAMODB_ENDPOINT: field.url({
      doc: 'A server other than AWS: the embedded one, DynamoDB Local, Alternator.',
      defaultText: 'outside production the embedded stack, if it is running; AWS in production',
      ...endpointUrl,
    }),
    AWS_ENDPOINT_URL_DYNAMODB: field.url({
      doc: "AWS's own variable for the same; used when DYNAMODB_ENDPOINT is unset.",
      defaultText: 'none',
      ...endpointUrl,
    }),
    AWS_ENDPOINT_URL: field.url({
      doc: "AWS's own variable for every service; used when the two above are unset.",
      defaultText: 'none',
      ...endpointUrl,
    }),
    AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: field.url({
      doc: "AWS's own variable for the service that scales provisioned tables; used by `pnpm db:tables`.",
      defaultText: 'AWS if the tables are on AWS; otherwise there is no such service',
      ...endpointUrl,
    }),
    AWS_ENDPOINT_URL_DYNAMODB_STREAMS: field.url({
      doc: "AWS's own variable for the service through which stream consumers read table changes.",
      defaultText: 'AWS if the tables are on AWS; otherwise the address of the tables',
      ...endpointUrl,
    }),
    DYNAMODB_TABLE_PREFIX: field.pattern({
      doc: 'Prefix of every table name, so that several environments can share one account and region.',
      default: '',
      example: 'staging_',
      matches: /^[A-Za-z0-9_.-]{1,100}$/,
      expected: 'up to 100 letters, digits, and any of _ . -',
    }),
    DYNAMODB_TIMEOUT: field.seconds({
      doc: 'Time limit of one call as its caller sees it, including retries, backoff, drained batches and pages. The first call of a process loads the AWS SDK before its time starts; `dynamodb.load()` loads it at startup.',
      default: 5,
      min: 0.05,
      max: 300,
    }),
    DYNAMODB_ATTEMPT_TIMEOUT_MS: field.optional(
      field.integer({
        doc: 'Time limit of one request, from the connection to the last byte of its response. Lower it if a slow node uses up the whole DYNAMODB_TIMEOUT.',
        example: '1500',
        default: 1000,
        min: 10,
        max: 300_000,
        unit: 'ms',
      }),
      'leaves room for all attempts within DYNAMODB_TIMEOUT',
    ),
    DYNAMODB_MAX_ATTEMPTS: field.integer({
      doc: 'Maximum attempts of one request, including the first.',
      default: 3,
      min: 1,
      max: 20,
      unit: 'attempts',
    }),
    DYNAMODB_INITIAL_BACKOFF_MS: field.integer({
      doc: 'The longest wait before the first retry; it doubles with each retry. The actual wait is random between 0 and that.',
      default: 100,
      min: 1,
      max: 60_000,
      unit: 'ms',
    }),
    DYNAMODB_MAX_BACKOFF_SEC: field.seconds({
      doc: 'Upper limit of the doubling.',
      default: 20,
      min: 0.001,
      max: 300,
    }),
    DYNAMODB_MAX_SOCKETS: field.integer({
      doc: 'Maximum number of open connections; further requests wait for one. Set it to at least your number of concurrent calls.',
      default: 128,
      min: 1,
      max: 10_000,
      unit: 'connections',
    }),
    DYNAMODB_TRANSACTIONS: field.boolean({
      doc: "Whether the server has transactions. With false (ScyllaDB Alternator) an agent's state and its history are written one after the other.",
      default: true,
    }),
  },
  rules: [
    // Only AWS checks the region: other servers accept any word, and `local` is a common setting.
    ({ AWS_REGION: region, ...endpoints }) =>
      region === undefined || REGION.test(region) || !isAwsEndpoint(endpointIn(endpoints))
        ? undefined
        : {
            name: 'AWS_REGION',
            problem: 'is not the name of an AWS region, and no other server is named (DYNAMODB_ENDPOINT)',
            expected: 'the name of an AWS region such as ap-northeast-1',
          },
    ({ DYNAMODB_TIMEOUT: call, DYNAMODB_ATTEMPT_TIMEOUT_MS: attempt }) =>
      call === undefined || attempt === undefined || attempt <= call
        ? undefined
        : {
            name: 'DYNAMODB_ATTEMPT_TIMEOUT_MS',
            problem: `one attempt (${attempt} ms) may last longer than the whole call (DYNAMODB_TIMEOUT, ${call} ms)`,
            expected: `at most ${call}`,
          },
    ({ DYNAMODB_INITIAL_BACKOFF_MS: initial, DYNAMODB_MAX_BACKOFF_SEC: max }) =>
      initial === undefined || max === undefined || initial <= max
        ? undefined
        : {
            name: 'DYNAMODB_INITIAL_BACKOFF_MS',
            problem: `the first backoff (${initial} ms) is above DYNAMODB_MAX_BACKOFF_SEC (${max} ms)`,
            expected: `at most ${max}`,
          },
  ],
})

/** The server that the variables name: the first one that is set. */
const endpointIn = (
  values: {
    readonly [K in (typeof DYNAMODB_ENDPOINTS)[number]]?: string | undefined
  },
): string | undefined => DYNAMODB_ENDPOINTS.map((name) => values[name]).find((value) => value !== undefined)

/** The settings of the DynamoDB client, as values. */
export interface DynamoSettings {
  readonly region: string
  /** Undefined means AWS (or the `endpoint_url` of AWS's shared config file, which the SDK reads by itself). */
  readonly endpoint?: string
  /**
   * Where provisioned tables are scaled. Undefined means AWS, if the tables are there; otherwise there is no such
   * service.
   */
  readonly autoScalingEndpoint?: string
  /** Where the tables' streams are read. Undefined means AWS, if the tables are there; otherwise `endpoint`. */
  readonly streamsEndpoint?: string
  /**
   * The keys or the profile that the environment gives, otherwise AWS's own chain; `dummy` for a local server if it
   * names none.
   */
  readonly credentials: CredentialSource
  /** Prefix of every table name; may be empty. */
  readonly tablePrefix: string
  /** Time limit of one call as its caller sees it. */
  readonly timeoutMs: number
  /** Time limit of one request. */
  readonly attemptTimeoutMs: number
  readonly maxAttempts: number
  readonly initialBackoffMs: number
  readonly maxBackoffMs: number
  readonly maxSockets: number
  /** Whether the server has transactions. */
  readonly transactions: boolean
}

/**
 * Reads the settings from an environment.
 * @throws `ConfigError` `config.invalid`, naming every fault.
 */
export function parseDynamoSettings(env: Environment): DynamoSettings {
  const values = dynamoSettings.parse(env)
  const endpoint = endpointIn(values)
  const autoScalingEndpoint = values.AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING
  const streamsEndpoint = values.AWS_ENDPOINT_URL_DYNAMODB_STREAMS
  const backoff = {
    maxAttempts: values.DYNAMODB_MAX_ATTEMPTS,
    initialBackoffMs: values.DYNAMODB_INITIAL_BACKOFF_MS,
    maxBackoffMs: values.DYNAMODB_MAX_BACKOFF_SEC,
  }
  const isUnnamed = endpoint !== undefined && isLocalEndpoint(endpoint) && !namesAwsCredentials(env)
  return printable({
    region: values.AWS_REGION,
    ...defined({ endpoint, autoScalingEndpoint, streamsEndpoint }),
    credentials: givenCredentials(env) ?? (isUnnamed ? 'dummy' : 'chain'),
    tablePrefix: values.DYNAMODB_TABLE_PREFIX,
    timeoutMs: values.DYNAMODB_TIMEOUT,
    attemptTimeoutMs: values.DYNAMODB_ATTEMPT_TIMEOUT_MS ?? deriveAttemptTimeoutMs(values.DYNAMODB_TIMEOUT, backoff),
    ...backoff,
    maxSockets: values.DYNAMODB_MAX_SOCKETS,
    transactions: values.DYNAMODB_TRANSACTIONS,
  })
}

/**
 * The attempt timeout that lets every attempt run within the call even when each takes its full limit and every backoff
 * is the longest possible: 1,566 ms with the defaults. If the backoffs alone would take more than half the call, the
 * attempts get the other half.
 */
export function deriveAttemptTimeoutMs(
  timeoutMs: number,
  backoff: Pick<DynamoSettings, 'maxAttempts' | 'initialBackoffMs' | 'maxBackoffMs'>,
): number {
  let waitsMs = 0
  for (let retry = 0; retry < backoff.maxAttempts - 1; retry++) {
    waitsMs += Math.min(backoff.maxBackoffMs, backoff.initialBackoffMs * 2 ** retry)
  }
  return Math.max(1, Math.floor(Math.max(timeoutMs - waitsMs, timeoutMs / 2) / backoff.maxAttempts))
}
