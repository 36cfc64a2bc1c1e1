import { policyConfiguration, policyName, type ScalingTarget, scalingTargets } from '../auto-scaling.js'
import { attributeDefinitions, type TableDefinition } from '../definition.js'
import { tableDefinitions } from '../definitions.js'
import type { ExportOptions } from './cloudformation.js'

/** A Terraform configuration in its JSON form. */
export interface TerraformConfiguration {
  readonly terraform: {
    readonly required_providers: { readonly aws: { readonly source: string; readonly version: string } }
  }
  /** By type, then by name. */
  readonly resource: Readonly<Record<string, Readonly<Record<string, object>>>>
}

/**
 * Returns the tables as Terraform (AWS provider 5 or later), with the auto scaling of those that are provisioned.
 * Terraform refuses to destroy a table, and leaves capacity that auto scaling has changed.
 */
export function toTerraform({ prefix = '' }: ExportOptions = {}): TerraformConfiguration {
  const scaled = tableDefinitions.flatMap((definition) => {
    const table = prefix + definition.name
    return scalingTargets(definition, table).map((target) => ({ table: snakeCase(definition.name), target }))
  })
  const named = scaled.map(({ table, target }) => ({
    table,
    target,
    name: snakeCase(`${table}_${target.dimension.split(':').at(-1)}`),
  }))
  return {
    terraform: { required_providers: { aws: { source: 'hashicorp/aws', version: '>= 5.0' } } },
    resource: {
      aws_dynamodb_table: Object.fromEntries(
        tableDefinitions.map((definition) => [snakeCase(definition.name), tableResource(definition, prefix)]),
      ),
      aws_appautoscaling_target: Object.fromEntries(
        named.map(({ name, table, target }) => [name, targetResource(table, target)]),
      ),
      aws_appautoscaling_policy: Object.fromEntries(
        named.map(({ name, target }) => [name, policyResource(name, target)]),
      ),
    },
  }
}

function tableResource(definition: TableDefinition, prefix: string): object {
  const { billing, stream, tags } = definition
  const isProvisioned = billing.mode === 'PROVISIONED'
  const capacity = isProvisioned ? { read_capacity: billing.read.min, write_capacity: billing.write.min } : {}
  return {
    name: prefix + definition.name,
    billing_mode: billing.mode,
    ...capacity,
    hash_key: definition.partitionKey,
    range_key: definition.sortKey,
    attribute: attributeDefinitions(definition).map(({ AttributeName: name, AttributeType: type }) => ({ name, type })),
    global_secondary_index: definition.indexes.map(({ name, partitionKey, sortKey }) => ({
      name,
      hash_key: partitionKey,
      range_key: sortKey,
      projection_type: 'ALL',
      ...capacity,
    })),
    ...(stream ? { stream_enabled: true, stream_view_type: stream } : {}),
    // Without a customer key, this is AWS's managed KMS key.
    server_side_encryption: { enabled: true },
    ttl: { attribute_name: definition.ttlAttribute, enabled: true },
    point_in_time_recovery: { enabled: definition.pointInTimeRecovery },
    deletion_protection_enabled: definition.deletionProtection,
    tags,
    lifecycle: {
      prevent_destroy: true,
      ...(isProvisioned ? { ignore_changes: ['read_capacity', 'write_capacity'] } : {}),
    },
  }
}

const targetResource = (table: string, target: ScalingTarget): object => ({
  service_namespace: 'dynamodb',
  resource_id: target.resourceId,
  scalable_dimension: target.dimension,
  min_capacity: target.min,
  max_capacity: target.max,
  depends_on: [`aws_dynamodb_table.${table}`],
})

function policyResource(name: string, target: ScalingTarget): object {
  const { TargetValue, PredefinedMetricSpecification, ScaleInCooldown, ScaleOutCooldown } = policyConfiguration(target)
  const reference = (attribute: string): string => `\${aws_appautoscaling_target.${name}.${attribute}}`
  return {
    name: policyName(target),
    policy_type: 'TargetTrackingScaling',
    service_namespace: reference('service_namespace'),
    resource_id: reference('resource_id'),
    scalable_dimension: reference('scalable_dimension'),
    target_tracking_scaling_policy_configuration: {
      target_value: TargetValue,
      predefined_metric_specification: {
        predefined_metric_type: PredefinedMetricSpecification.PredefinedMetricType,
      },
      scale_in_cooldown: ScaleInCooldown,
      scale_out_cooldown: ScaleOutCooldown,
    },
  }
}

const snakeCase = (name: string): string => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase()
