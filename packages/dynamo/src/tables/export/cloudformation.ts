import { policyConfiguration, policyName, type ScalingTarget, scalingTargets } from '../auto-scaling.js'
import { type TableDefinition, toCreateTableInput } from '../definition.js'
import { tableDefinitions } from '../definitions.js'

export interface ExportOptions {
  /** Prefix of every table name. Default: none. */
  readonly prefix?: string
}

/** A CloudFormation template, as an object to serialize as JSON. */
export interface CloudFormationTemplate {
  readonly AWSTemplateFormatVersion: '2010-09-09'
  readonly Description: string
  readonly Resources: Readonly<Record<string, CloudFormationResource>>
}

export interface CloudFormationResource {
  readonly Type: string
  readonly Properties: object
  readonly DeletionPolicy?: 'Retain'
  readonly UpdateReplacePolicy?: 'Retain'
}

/**
 * Returns the tables as CloudFormation, with the auto scaling of those that are provisioned. A table that leaves the
 * stack, or is replaced, stays in the account.
 */
export function toCloudFormation({ prefix = '' }: ExportOptions = {}): CloudFormationTemplate {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'The DynamoDB tables of Miyabi',
    Resources: Object.fromEntries(
      tableDefinitions.flatMap((definition) => [
        [definition.name, tableResource(definition, prefix)],
        ...scalingTargets(definition, definition.name).flatMap((target) => scalingResources(definition.name, target)),
      ]),
    ),
  }
}

function tableResource(definition: TableDefinition, prefix: string): CloudFormationResource {
  const { StreamSpecification: stream, ...input } = toCreateTableInput(definition, prefix + definition.name)
  return {
    Type: 'AWS::DynamoDB::Table',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    // CloudFormation's form is that of CreateTable, except for these.
    Properties: {
      ...input,
      ...(stream ? { StreamSpecification: { StreamViewType: stream.StreamViewType } } : {}),
      SSESpecification: { SSEEnabled: true, SSEType: definition.encryption },
      TimeToLiveSpecification: { AttributeName: definition.ttlAttribute, Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: definition.pointInTimeRecovery },
    },
  }
}

/** @param target of a table named like its resource, so that `Ref` gives the name and expresses the dependency. */
function scalingResources(table: string, target: ScalingTarget): [string, CloudFormationResource][] {
  const id = `${target.resourceId}${target.dimension.split(':').at(-1)}`.replace(/^table\/|[^A-Za-z0-9]/g, '')
  return [
    [
      `${id}Target`,
      {
        Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
        Properties: {
          ServiceNamespace: 'dynamodb',
          ResourceId: { 'Fn::Sub': target.resourceId.replace(table, `\${${table}}`) },
          ScalableDimension: target.dimension,
          MinCapacity: target.min,
          MaxCapacity: target.max,
        },
      },
    ],
    [
      `${id}Policy`,
      {
        Type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
        Properties: {
          PolicyName: policyName(target),
          PolicyType: 'TargetTrackingScaling',
          ScalingTargetId: { Ref: `${id}Target` },
          TargetTrackingScalingPolicyConfiguration: policyConfiguration(target),
        },
      },
    ],
  ]
}
