import { DynamoInputError } from '../errors/errors.js'

/** The type of the events that usage is counted from. */
export const USAGE_RECORDED = 'usage.recorded'

/** What a marketplace user did with a plugin: `usage_events.event_type`. */
const uses = ['issue_processed', 'agent_executed', 'command_used'] as const

/** What is counted, and the largest quantity of it in one event. */
const most = { issues: 1_000_000, tokens: 2_147_483_647, agent_executions: 1_000_000 } as const

const MAX_AGENT_LENGTH = 100

/** One use of a plugin to be counted: the data of an event `usage.recorded`, and its `userId`. */
export type Usage = {
  /** The marketplace user: a UUID. */
  readonly userId: string
  readonly pluginId: string
  /** What the user did. */
  readonly use: (typeof uses)[number]
  /** The quantity of the meter: a whole number of at least 0. */
  readonly quantity: number
  /** Any other information about it: `usage_events.event_data`. */
  readonly details?: object | undefined
} & (
  | { readonly meter: 'issues' | 'tokens'; readonly agent?: undefined }
  /** For one agent, by its name. */
  | { readonly meter: 'agent_executions'; readonly agent: string }
)

/** @throws {DynamoInputError} if an event of this type has a usage that cannot be counted. */
export function assertUsage({
  userId,
  data,
}: {
  readonly userId?: string | undefined
  readonly data?: object | undefined
}): void {
  const refuse = (argument: string, problem: string): void => {
    throw new DynamoInputError(argument, `${problem}, in an event ${USAGE_RECORDED}`)
  }
  const { pluginId, use, meter, quantity, agent, details } = (data ?? {}) as Partial<Record<keyof Usage, unknown>>
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(userId ?? '')) refuse('userId', 'is not a UUID')
  if (typeof pluginId !== 'string' || pluginId === '') refuse('data.pluginId', 'is not the id of a plugin')
  if (!uses.includes(use as never)) refuse('data.use', `is not one of ${uses.join(', ')}`)
  if (!Object.keys(most).includes(meter as never)) refuse('data.meter', `is not one of ${Object.keys(most).join(', ')}`)
  const limit = most[meter as keyof typeof most]
  if (!Number.isInteger(quantity) || Number(quantity) < 0 || Number(quantity) > limit) {
    refuse('data.quantity', `is not a whole number from 0 to ${limit}`)
  }
  const isNamed = typeof agent === 'string' && agent.trim() !== '' && agent.length <= MAX_AGENT_LENGTH
  if (meter === 'agent_executions' ? !isNamed : agent !== undefined) {
    refuse(
      'data.agent',
      `is not the name of an agent; expected up to ${MAX_AGENT_LENGTH} characters, and only with agent_executions`,
    )
  }
  if (details !== undefined && (typeof details !== 'object' || details === null)) {
    refuse('data.details', 'is not an object')
  }
}
