import { defined } from '@miyabi/core'
import { type ScalingTarget, scalingTargets } from '../auto-scaling.js'
import { type CapacityRange, throughput } from '../definition.js'
import { type Aspect, update } from './aspect.js'

/** On demand or provisioned. DynamoDB lets a table return to on demand once in 24 hours. */
export const billing: Aspect = {
  what: 'billing',
  plan({ billing: wanted }, { description }) {
    const mode = description.BillingModeSummary?.BillingMode ?? 'PROVISIONED'
    if (mode === wanted.mode) return []
    const indexes = description.GlobalSecondaryIndexes ?? []
    const provisioned = wanted.mode === 'PROVISIONED' ? throughput(wanted) : undefined
    const request = update({
      BillingMode: wanted.mode,
      ...defined({ ProvisionedThroughput: provisioned }),
      ...(provisioned && indexes.length > 0
        ? {
            GlobalSecondaryIndexUpdates: indexes.map(({ IndexName }) => ({
              Update: { IndexName, ProvisionedThroughput: provisioned },
            })),
          }
        : {}),
    })
    return [{ expected: wanted.mode, found: mode, does: `bill as ${wanted.mode}`, destructive: false, request }]
  },
}

/** Provisioned units within their bounds: auto scaling decides the value within them. */
export const capacity: Aspect = {
  what: 'capacity',
  plan({ billing: wanted }, { description }) {
    if (wanted.mode !== 'PROVISIONED' || description.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST') return []
    const { WriteCapacityUnits: write = 0, ReadCapacityUnits: read = 0 } = description.ProvisionedThroughput ?? {}
    const into = (units: number, { min, max }: CapacityRange): number => Math.min(max, Math.max(min, units))
    const to = { write: into(write, wanted.write), read: into(read, wanted.read) }
    if (to.write === write && to.read === read) return []
    const range = ({ min, max }: CapacityRange): string => `${min} to ${max}`
    return [
      {
        expected: `${range(wanted.write)} write, ${range(wanted.read)} read units`,
        found: `${write} write, ${read} read units`,
        does: `provision ${to.write} write and ${to.read} read units`,
        destructive: false,
        request: update({ ProvisionedThroughput: { WriteCapacityUnits: to.write, ReadCapacityUnits: to.read } }),
      },
    ]
  },
}

/** Which capacities AWS scales, and within which bounds. */
export const autoScaling: Aspect = {
  what: 'auto scaling',
  plan(definition, { scaling }, { table }) {
    const targets = scalingTargets(definition, table)
    if (targets.length === 0) return []
    if (scaling === undefined) return 'unverifiable'
    const text = ({ min, max, utilization }: ScalingTarget): string => `${min} to ${max} at ${utilization}%`
    return targets.flatMap((target) => {
      const { resourceId, dimension } = target
      const found = scaling.find((one) => one.resourceId === resourceId && one.dimension === dimension)
      const expected = `${dimension} ${text(target)}`
      if (found && text(found) === text(target)) return []
      return [
        {
          expected,
          found: found ? text(found) : 'not registered',
          does: `let ${dimension} of ${resourceId} scale from ${text(target)}`,
          destructive: false,
          request: { operation: 'RegisterScalableTarget', target },
        },
      ]
    })
  },
}
