import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec'
import { beforeAll, describe, expect, it } from 'vitest'
import { tableDefinitions } from '../definitions.js'
import { toCloudFormation } from './cloudformation.js'

type Spec = Awaited<ReturnType<typeof loadAwsServiceSpec>>
type Properties = ReturnType<typeof propertiesOf>
type Type = Properties[string]['type']

let spec: Spec
beforeAll(async () => {
  spec = await loadAwsServiceSpec()
})

const propertiesOf = (type: string) => spec.lookup('resource', 'cloudFormationType', 'equals', type).only().properties

/** What is wrong with a value by CloudFormation's own description of its type, each with the path. */
function faults(value: unknown, type: Type, path: string): string[] {
  // An intrinsic function (`Ref`, `Fn::Sub`) becomes whatever is wanted.
  if (isObject(value) && Object.keys(value).length === 1 && /^(Ref|Fn::\w+)$/.test(Object.keys(value)[0] ?? ''))
    return []
  const wrong = [`${path} is ${JSON.stringify(value)}, no ${type.type}`]
  switch (type.type) {
    case 'string':
      return typeof value === 'string' ? [] : wrong
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong
    case 'integer':
      return Number.isInteger(value) ? [] : wrong
    case 'number':
      return typeof value === 'number' ? [] : wrong
    case 'tag':
      return faultsOfAll(
        value,
        { Key: { required: true, type: { type: 'string' } }, Value: { required: true, type: { type: 'string' } } },
        path,
      )
    case 'array':
      return Array.isArray(value) ? value.flatMap((one, i) => faults(one, type.element, `${path}[${i}]`)) : wrong
    case 'ref':
      return faultsOfAll(value, spec.get('typeDefinition', type.reference.$ref).properties, path)
    case 'union': {
      // JSON is what CloudFormation says where it says nothing.
      const told = type.types.filter((one) => one.type !== 'json').map((one) => faults(value, one, path))
      return told.some((found) => found.length === 0) ? [] : told.flat()
    }
    default:
      return [`${path} is of the type ${type.type}, which this check does not know`]
  }
}

function faultsOfAll(value: unknown, properties: Properties, path: string): string[] {
  if (!isObject(value)) return [`${path} is no object`]
  const missing = Object.entries(properties).filter(([name, { required }]) => required && !(name in value))
  return [
    ...missing.map(([name]) => `${path}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, member]) =>
      properties[name] ? faults(member, properties[name].type, `${path}.${name}`) : [`${path}.${name} does not exist`],
    ),
  ]
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** As it is written and read. */
const template = (prefix = '') =>
  JSON.parse(JSON.stringify(toCloudFormation({ prefix }))) as ReturnType<typeof toCloudFormation>

describe('toCloudFormation', () => {
  it("gives resources that CloudFormation's own schema accepts", () => {
    for (const [name, { Type: type, Properties }] of Object.entries(template().Resources)) {
      expect(faultsOfAll(Properties, propertiesOf(type), name)).toEqual([])
    }
  })

  it('would be told by that schema of what is missing, misspelled or of another type', () => {
    const properties = propertiesOf('AWS::DynamoDB::Table')
    const wrong = { TableNames: 'a', KeySchema: [{ AttributeName: 'pk' }], BillingMode: 1, SSESpecification: {} }
    expect(faultsOfAll(wrong, properties, 'T')).toEqual([
      'T.TableNames does not exist',
      'T.KeySchema[0].KeyType is missing',
      'T.BillingMode is 1, no string',
      'T.SSESpecification.SSEEnabled is missing',
    ])
  })

  it('refers only to what it holds', () => {
    const { Resources } = template()
    const text = JSON.stringify(Resources)
    const referred = [...text.matchAll(/"Ref":"(\w+)"|\$\{(\w+)\}/g)].map(([, ref, sub]) => ref ?? sub ?? '')
    expect(referred.length).toBeGreaterThan(0)
    for (const name of referred) expect(Object.keys(Resources)).toContain(name)
    for (const name of Object.keys(Resources)) expect(name).toMatch(/^[A-Za-z0-9]{1,255}$/)
  })

  it('keeps tables that leave the stack, under the names of their environment', () => {
    const { Resources } = template('staging_')
    for (const { name } of tableDefinitions) {
      expect(Resources[name]).toMatchObject({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: { TableName: `staging_${name}`, DeletionProtectionEnabled: true },
      })
    }
  })

  it('scales the agents between 5 and 100 write and 10 and 200 read units at 70%', () => {
    const { Resources } = template()
    const bounds = Object.values(Resources).flatMap(({ Properties }) =>
      'MinCapacity' in Properties ? [Properties] : [],
    )
    expect(bounds).toMatchObject([
      { ScalableDimension: 'dynamodb:table:WriteCapacityUnits', MinCapacity: 5, MaxCapacity: 100 },
      { ScalableDimension: 'dynamodb:table:ReadCapacityUnits', MinCapacity: 10, MaxCapacity: 200 },
    ])
    expect(JSON.stringify(Resources).match(/"TargetValue":70/g)).toHaveLength(2)
  })
})
