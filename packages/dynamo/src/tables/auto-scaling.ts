import type {
  ApplicationAutoScalingClient,
  MetricType,
  ScalableDimension,
  ScalingPolicy,
} from '@aws-sdk/client-application-auto-scaling'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { defined } from '@miyabi/core'
import type { DynamoSettings } from '../settings/config.js'
import type { TableDefinition } from './definition.js'
import { abort } from './describe.js'

/** One capacity that AWS scales: reads or writes, of a table or an index. */
export interface ScalingTarget {
  /** `table/MiyabiAgentState`, `table/MiyabiAgentState/index/byUser`. */
  readonly resourceId: string
  /** `dynamodb:table:WriteCapacityUnits` ... */
  readonly dimension: ScalableDimension
  /** Capacity units. */
  readonly min: number
  readonly max: number
  /** The percentage of use that AWS targets. */
  readonly utilization: number
}

/** The AWS service that changes the capacity of provisioned tables. */
export interface AutoScaling {
  /** Returns the registered targets among those of a definition. */
  read(definition: TableDefinition, table: string, signal: AbortSignal | undefined): Promise<ScalingTarget[]>
  /** Registers a target and its policy, or changes them. */
  register(target: ScalingTarget, signal: AbortSignal | undefined): Promise<void>
  destroy(): void
}

/** How long AWS waits after a change before the next, in seconds. */
const COOLDOWN_SECONDS = 60

/** The targets a definition asks for; none for a table on demand. */
export function scalingTargets({ billing, indexes }: TableDefinition, table: string): ScalingTarget[] {
  if (billing.mode !== 'PROVISIONED') return []
  const scalable = [
    { resourceId: `table/${table}`, of: 'table' as const },
    ...indexes.map(({ name }) => ({ resourceId: `table/${table}/index/${name}`, of: 'index' as const })),
  ]
  return scalable.flatMap(({ resourceId, of }) => [
    {
      resourceId,
      dimension: `dynamodb:${of}:WriteCapacityUnits` as const,
      ...billing.write,
      utilization: billing.targetUtilization,
    },
    {
      resourceId,
      dimension: `dynamodb:${of}:ReadCapacityUnits` as const,
      ...billing.read,
      utilization: billing.targetUtilization,
    },
  ])
}

/** The metric of a target. */
export const metricOf = (dimension: ScalingTarget['dimension']): MetricType =>
  dimension.endsWith(':WriteCapacityUnits') ? 'DynamoDBWriteCapacityUtilization' : 'DynamoDBReadCapacityUtilization'

/** A policy's name, from what it scales: `miyabi-table/MiyabiAgentState-WriteCapacityUnits`. */
export const policyName = ({ resourceId, dimension }: ScalingTarget): string =>
  `miyabi-${resourceId}-${dimension.split(':').at(-1)}`

/** The content of a policy, in the form of the API and of CloudFormation. */
export const policyConfiguration = ({ dimension, utilization }: ScalingTarget) => ({
  TargetValue: utilization,
  PredefinedMetricSpecification: { PredefinedMetricType: metricOf(dimension) },
  ScaleInCooldown: COOLDOWN_SECONDS,
  ScaleOutCooldown: COOLDOWN_SECONDS,
})

/**
 * The service, if there is one: on AWS, or if `AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING` names one. Its SDK client is
 * loaded at first use, with the credentials of the DynamoDB client.
 */
export function createAutoScaling(client: DynamoDBClient, settings: DynamoSettings): AutoScaling {
  let loading: Promise<ApplicationAutoScalingClient> | undefined
  const sdk = () => import('@aws-sdk/client-application-auto-scaling')
  const open = (): Promise<ApplicationAutoScalingClient> => {
    loading ??= sdk().then(
      ({ ApplicationAutoScalingClient }) =>
        new ApplicationAutoScalingClient({
          region: settings.region,
          credentials: client.config.credentials,
          maxAttempts: settings.maxAttempts,
          requestHandler: { requestTimeout: settings.attemptTimeoutMs, throwOnRequestTimeout: true },
          ...defined({ endpoint: settings.autoScalingEndpoint }),
        }),
    )
    return loading
  }
  return {
    async read(definition, table, signal) {
      const wanted = scalingTargets(definition, table)
      const ResourceIds = [...new Set(wanted.map(({ resourceId }) => resourceId))]
      if (ResourceIds.length === 0) return []
      const { DescribeScalableTargetsCommand, DescribeScalingPoliciesCommand } = await sdk()
      const scaling = await open()
      const targets = await scaling.send(
        new DescribeScalableTargetsCommand({ ServiceNamespace: 'dynamodb', ResourceIds }),
        abort(signal),
      )
      const policies: ScalingPolicy[] = []
      for (const ResourceId of ResourceIds) {
        const command = new DescribeScalingPoliciesCommand({ ServiceNamespace: 'dynamodb', ResourceId })
        policies.push(...((await scaling.send(command, abort(signal))).ScalingPolicies ?? []))
      }
      return wanted.flatMap((target) => {
        const found = targets.ScalableTargets?.find(
          (one) => one.ResourceId === target.resourceId && one.ScalableDimension === target.dimension,
        )
        const policy = policies.find(
          (one) => one.ResourceId === target.resourceId && one.ScalableDimension === target.dimension,
        )?.TargetTrackingScalingPolicyConfiguration
        if (found === undefined) return []
        return [
          {
            ...target,
            min: found.MinCapacity ?? 0,
            max: found.MaxCapacity ?? 0,
            utilization: policy?.TargetValue ?? 0,
          },
        ]
      })
    },

    async register(target, signal) {
      const { PutScalingPolicyCommand, RegisterScalableTargetCommand } = await sdk()
      const scaling = await open()
      const what = {
        ServiceNamespace: 'dynamodb',
        ResourceId: target.resourceId,
        ScalableDimension: target.dimension,
      } as const
      await scaling.send(
        new RegisterScalableTargetCommand({ ...what, MinCapacity: target.min, MaxCapacity: target.max }),
        abort(signal),
      )
      await scaling.send(
        new PutScalingPolicyCommand({
          ...what,
          PolicyName: policyName(target),
          PolicyType: 'TargetTrackingScaling',
          TargetTrackingScalingPolicyConfiguration: policyConfiguration(target),
        }),
        abort(signal),
      )
    },

    destroy() {
      loading?.then(
        (scaling) => scaling.destroy(),
        () => {},
      )
    },
  }
}
