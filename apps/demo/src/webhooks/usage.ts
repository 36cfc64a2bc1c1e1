import { type NewEvent, type Usage, usageRecorded } from '@miyabi/db'
import { payerOf } from '../customers/customers.js'
import type { Delivery } from './deliveries.js'
import { type Execution, toExecution } from './execution.js'

/** The uses that an execution counts, each with a separate event: the agent, and an issue if it processed one. */
const METERS = ['agent_executions', 'issues'] as const
type Meter = (typeof METERS)[number]

const metersOf = ({ agentType }: Execution): readonly Meter[] =>
  METERS.filter((meter) => meter === 'agent_executions' || agentType === 'Issue')

/**
 * The events of an execution's usage, on the account of the customer who handles the repository. Their ids are derived
 * from the delivery's name and the meter: recorded again, they are the same, and count once.
 */
export function toUsageEvents(
  { delivery, receivedAt }: { readonly delivery: Delivery; readonly receivedAt: Date },
  execution: Execution,
  customerId: (email: string) => string,
): NewEvent[] {
  const { email, pluginId } = payerOf(delivery.payload.repository?.owner.login ?? '')
  const about = { userId: customerId(email), pluginId, quantity: 1, details: { delivery: delivery.name } }
  return metersOf(execution).map((meter) => {
    const usage: Usage =
      meter === 'issues'
        ? { ...about, use: 'issue_processed', meter }
        : { ...about, use: 'agent_executed', meter, agent: execution.agentType }
    return usageRecorded(usage, { occurredAt: receivedAt, idempotencyKey: `${delivery.name} ${meter}` })
  })
}

/** The total number of uses of deliveries. */
export const countUses = (deliveries: readonly Delivery[]): number =>
  deliveries.flatMap((delivery) => toExecution(delivery) ?? []).flatMap(metersOf).length
