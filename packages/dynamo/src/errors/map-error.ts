import { defined, isMiyabiError, type MiyabiError, safeCause } from '@miyabi/core'
import { type CallRecord, newRecord } from './call-record.js'
import { DynamoError, type DynamoErrorCode, type DynamoErrorDetails, type ThrottlingReason } from './errors.js'

/** The fields of an SDK error that are read here. */
interface AwsError extends Error {
  readonly code?: unknown
  /** Node's own: the system call that failed. */
  readonly syscall?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string; readonly attempts?: number }
  readonly ThrottlingReasons?: readonly { readonly reason?: string; readonly resource?: string }[]
  readonly CancellationReasons?: readonly { readonly Code?: string }[]
  /** Ours: see `RetryStrategy`. */
  readonly gaveUp?: 'budget'
}

interface Kind {
  readonly code: DynamoErrorCode
  readonly retryable: boolean
  /** What happened, as text. */
  readonly says: string
  /** The remedy. */
  readonly remedy?: string
}

/** The remedy when no credentials are found. */
export const CREDENTIALS_REMEDY =
  'set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role'

/** The remedy when a table is missing. */
export const CREATE_TABLES =
  'create the tables with `pnpm db:tables apply`, or correct DYNAMODB_TABLE_PREFIX and AWS_REGION'

const credentials = {
  code: 'dynamo.credentials',
  retryable: false,
  says: 'AWS credentials are missing or were rejected',
  remedy: CREDENTIALS_REMEDY,
} as const satisfies Kind

const throttled = {
  code: 'dynamo.throttled',
  retryable: true,
  says: 'throttled: the request exceeds what the table, an index, one partition or the account currently allows',
  remedy:
    'reduce the request rate; details.throttling names the limit: spread a hot key, or raise the capacity of the table',
} as const satisfies Kind

const conflict = {
  code: 'dynamo.transaction_conflict',
  retryable: true,
  says: 'another transaction was using one of the items; nothing was written',
  remedy: 'retry it',
} as const satisfies Kind

const validation = {
  code: 'dynamo.validation',
  retryable: false,
  says: 'the request is not valid',
  remedy: 'correct what its cause names',
} as const satisfies Kind

const unreachable = {
  code: 'dynamo.unreachable',
  retryable: true,
  says: 'the server cannot be reached',
  remedy: 'correct DYNAMODB_ENDPOINT and AWS_REGION, or start the embedded server with `pnpm db:up`',
} as const satisfies Kind

const exhausted = {
  code: 'dynamo.unreachable',
  retryable: true,
  says: 'no connection could be opened: this process or machine is out of file descriptors, local ports or memory',
  remedy: 'check `ulimit -n`, other users of files and sockets, and DYNAMODB_MAX_SOCKETS',
} as const satisfies Kind

const forbidden = {
  code: 'dynamo.unreachable',
  retryable: false,
  says: 'this machine does not allow the connection',
  remedy: 'check its firewall and sandbox, and DYNAMODB_ENDPOINT',
} as const satisfies Kind

const insecure = {
  code: 'dynamo.unreachable',
  retryable: false,
  says: 'no TLS connection could be established',
  remedy:
    'if the server has no TLS, start DYNAMODB_ENDPOINT with http; otherwise name its certificate in NODE_EXTRA_CA_CERTS',
} as const satisfies Kind

const timeout = {
  code: 'dynamo.timeout',
  retryable: true,
  says: 'every attempt timed out after DYNAMODB_ATTEMPT_TIMEOUT_MS',
  remedy: 'check the network and the server, or raise DYNAMODB_ATTEMPT_TIMEOUT_MS',
} as const satisfies Kind

const unavailable = {
  code: 'dynamo.unavailable',
  retryable: true,
  says: 'DynamoDB responded with a server error',
  remedy: 'retry later',
} as const satisfies Kind

/** Keyed by the SDK's error names and Node's error codes, never by a message. */
const kinds: Readonly<Record<string, Kind>> = {
  ConditionalCheckFailedException: {
    code: 'dynamo.condition_failed',
    retryable: false,
    says: 'the condition was not met; nothing was written',
  },
  ResourceNotFoundException: {
    code: 'dynamo.table_missing',
    retryable: false,
    says: 'the table or index does not exist',
    remedy: CREATE_TABLES,
  },
  ProvisionedThroughputExceededException: throttled,
  ThrottlingException: throttled,
  RequestLimitExceeded: throttled,
  LimitExceededException: throttled,
  TransactionConflictException: conflict,
  TransactionInProgressException: conflict,
  ReplicatedWriteConflictException: conflict,
  ValidationException: validation,
  SerializationException: validation,
  ItemCollectionSizeLimitExceededException: validation,
  IdempotentParameterMismatchException: validation,
  AccessDeniedException: {
    code: 'dynamo.access_denied',
    retryable: false,
    says: 'the policy of these credentials does not allow the request',
    remedy: 'allow it in the policy (docs/DATABASE_SETUP_GUIDE.md has the policy)',
  },
  CredentialsProviderError: credentials,
  ExpiredTokenException: credentials,
  IncompleteSignatureException: credentials,
  InvalidClientTokenId: credentials,
  InvalidSignatureException: credentials,
  MissingAuthenticationTokenException: credentials,
  UnrecognizedClientException: credentials,
  InternalServerError: unavailable,
  ServiceUnavailable: unavailable,
  TimeoutError: timeout,
  ECONNREFUSED: unreachable,
  ECONNRESET: unreachable,
  EPIPE: unreachable,
  ENOTFOUND: unreachable,
  EAI_AGAIN: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EHOSTDOWN: unreachable,
  ENETDOWN: unreachable,
  ECONNABORTED: unreachable,
  ETIMEDOUT: unreachable,
  EMFILE: exhausted,
  ENFILE: exhausted,
  ENOBUFS: exhausted,
  ENOMEM: exhausted,
  EADDRNOTAVAIL: exhausted,
  EADDRINUSE: exhausted,
  EACCES: forbidden,
  EPERM: forbidden,
  EPROTO: insecure,
  CERT_HAS_EXPIRED: insecure,
  DEPTH_ZERO_SELF_SIGNED_CERT: insecure,
  ERR_TLS_CERT_ALTNAME_INVALID: insecure,
  SELF_SIGNED_CERT_IN_CHAIN: insecure,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: insecure,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: insecure,
}

/** Codes of a canceled transaction's items under which a retry of the same transaction may succeed. */
const PASSING_REASONS = new Set(['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])

/**
 * Whether a transaction was canceled, or refused, only for a transient reason: it conflicted with another one, or was
 * throttled. The SDK never retries those.
 */
export function isPassingCancellation(error: unknown): boolean {
  const source = unwrap(error)
  if (source?.name === 'TransactionConflictException') return true
  return source?.name === 'TransactionCanceledException' && cancellation(source).retryable
}

/** Codes of errors that can only occur before a request has reached the server. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  ...Object.keys(kinds).filter((name) => [insecure, exhausted, forbidden].some((kind) => kinds[name] === kind)),
])

/** System calls that Node makes before a connection is open. */
const CONNECTING = new Set(['connect', 'getaddrinfo', 'socket'])

/**
 * Whether an error occurred while a connection was being opened, so nothing was sent. Decided by the system call,
 * because codes such as ECONNRESET and ETIMEDOUT also end connections that are in use.
 */
export function isConnectFailure(error: unknown): boolean {
  const source: Partial<AwsError> = unwrap(error) ?? {}
  if (source instanceof AggregateError && source.errors.length > 0) return source.errors.every(isConnectFailure)
  const { syscall, code }: Partial<AwsError> = source
  if (CONNECTING.has(String(syscall)) || NEVER_SENT.has(awsName(source))) return true
  // Node's only indication of a connection that was cut during the TLS handshake.
  return code === 'ECONNRESET' && 'localAddress' in source
}

/**
 * Whether no connection could be opened and another attempt may succeed. The SDK does not recognize all of these codes.
 */
export const isPassingConnectFailure = (error: unknown): boolean =>
  isConnectFailure(error) && kindOf(unwrap(error), awsName(error)).retryable

/** The SDK error inside ElectroDB's wrapper. */
export function unwrap(error: unknown): AwsError {
  const cause = error instanceof Error && error.name === 'ElectroError' ? error.cause : undefined
  return (cause ?? error) as AwsError
}

/** Names that are less specific than Node's code. The SDK names every cut connection a TimeoutError. */
const VAGUE_NAMES = new Set(['Error', 'AggregateError', 'TimeoutError'])

/** The SDK's name of an error, or Node's code if that is more specific. */
export function awsName(error: unknown): string {
  const { name = 'Error', code, syscall } = unwrap(error) ?? {}
  // The SDK uses the code of a connection that is never answered for an attempt that took too long, too.
  const isVague = VAGUE_NAMES.has(name) && (code !== 'ETIMEDOUT' || syscall === 'connect')
  return isVague && typeof code === 'string' && code in kinds ? code : name
}

/** Whether a failed write has definitely not been applied: it was never sent, or the server refused it. */
export function isDefinitelyRefused(error: unknown): boolean {
  const { $metadata } = Object(unwrap(error)) as Partial<AwsError>
  const status = $metadata?.httpStatusCode ?? 0
  return (status >= 400 && status < 500) || isConnectFailure(error) || awsName(error) === 'CredentialsProviderError'
}

/** What requests failed with, and what is known about the call that each belongs to. */
const failed = new WeakMap<object, CallRecord>()

/** Records that a request of one of our calls ended with this error. */
export function noteFailure(error: unknown, record: CallRecord): void {
  if (typeof error === 'object' && error !== null) failed.set(error, record)
}

/**
 * Maps any DynamoDB failure to one form: what the AWS SDK or ElectroDB threw becomes a `DynamoError`, and one of our
 * errors inside it is returned. **An error that is not a DynamoDB failure is returned unchanged**: an application's own
 * error, that of another AWS service, a TypeError, the reason of an aborted signal. Narrow the result with
 * `isDynamoError(result, code)`.
 */
export function mapDynamoError(error: unknown): unknown {
  const source = unwrap(error)
  if (isMiyabiError(source)) return source
  if (typeof source !== 'object' || source === null) return error
  const record = failed.get(source)
  if (record) return toDynamoError(source, record)
  if (isElectros(source)) return toDynamoError(source, newRecord({ operation: 'an ElectroDB call' }))
  if (!isDynamoDBs(source)) return error
  const strange = newRecord({ operation: 'a request of another client' })
  if (!isDefinitelyRefused(source)) strange.possibleWrites = 1
  return toDynamoError(source, strange)
}

/**
 * Whether one of our calls failed because of the store; any other failure is a programming mistake, which is passed
 * through unchanged.
 */
export function isDynamoFailure(error: unknown): boolean {
  const source: unknown = unwrap(error)
  if (typeof source !== 'object' || source === null) return false
  return isMiyabiError(source) || failed.has(source) || isElectros(source) || '$metadata' in source
}

const isElectros = ({ name }: { readonly name?: unknown }): boolean =>
  name === 'ElectroError' || name === 'ElectroValidationError'

/** Whether an error has the SDK's class for DynamoDB responses: by the class's name, so for any copy of the SDK. */
function isDynamoDBs(error: object): boolean {
  for (let at: unknown = error; at; at = Object.getPrototypeOf(at)) {
    if ((at as object).constructor?.name === 'DynamoDBServiceException') return true
  }
  return false
}

/**
 * Maps anything the SDK or ElectroDB threw to one of our errors. Our errors, including those inside theirs, stay
 * unchanged.
 */
export function toDynamoError(error: unknown, record: CallRecord): MiyabiError {
  const source: unknown = unwrap(error)
  if (isMiyabiError(source)) return source
  return dynamoError(source as AwsError, record)
}

function dynamoError(source: AwsError, record: CallRecord): DynamoError {
  const name = awsName(source)
  const kind = kindOf(source, name)
  const details: DynamoErrorDetails = {
    operation: record.operation,
    tables: [...record.tables],
    attempts: record.attempts || (source.$metadata?.attempts ?? 0),
    elapsedMs: Math.round(performance.now() - record.startedAtMs),
    awsName: name,
    ...(source.ThrottlingReasons?.length ? { throttling: source.ThrottlingReasons.map(throttlingReason) } : {}),
    ...(source.CancellationReasons ? { reasons: source.CancellationReasons.map(({ Code }) => Code ?? 'None') } : {}),
    ...defined({ gaveUp: source.gaveUp }),
    ...(source.$metadata?.requestId ? { requestId: source.$metadata.requestId } : {}),
  }
  const where = details.tables.length > 0 ? ` on ${details.tables.join(', ')}` : ''
  const tries = details.attempts > 1 ? ` after ${details.attempts} attempts` : ''
  return new DynamoError(kind.code, `${record.operation}${where}: ${kind.says} (${name}${tries})`, {
    details,
    remedy: kind.remedy,
    cause: safeCause(source),
    retryable: kind.retryable,
    effect: record.possibleWrites > 0 ? 'unknown' : 'none',
  })
}

function kindOf(error: AwsError, name: string): Kind {
  const known = kinds[name]
  if (known) return known
  if (name === 'TransactionCanceledException') return cancellation(error)
  // ElectroDB's own: 1xxx and 3xxx are schemas and values that it refuses before anything is sent.
  if (isElectros(error)) return validation
  if ((error.$metadata?.httpStatusCode ?? 0) >= 500) return unavailable
  return { code: 'dynamo.failed', retryable: false, says: 'failed', remedy: 'see its cause' }
}

function cancellation(error: AwsError): Kind {
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None')
  if (codes.length > 0 && codes.every((code) => PASSING_REASONS.has(code))) {
    return codes.includes('TransactionConflict') ? conflict : throttled
  }
  if (codes.includes('ConditionalCheckFailed')) {
    return { code: 'dynamo.condition_failed', retryable: false, says: 'the condition of an item was not met' }
  }
  return { code: 'dynamo.transaction_canceled', retryable: false, says: `the transaction was canceled (${codes})` }
}

function throttlingReason(reason: { readonly reason?: string; readonly resource?: string }): ThrottlingReason {
  return { reason: reason.reason ?? 'unknown', resource: reason.resource ?? 'unknown' }
}
