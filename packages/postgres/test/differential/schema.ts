import { internalsOfClient } from '../../src/internals/prisma.js'
import type { PrismaClient } from '../../src/schema/prisma.js'

export interface SchemaField {
  readonly name: string
  readonly kind: 'scalar' | 'object' | 'enum'
  /** `Int`, the enum's name, or the related model's. */
  readonly type: string
  readonly isList: boolean
  readonly isOptional: boolean
  readonly hasDefault: boolean
  /** Of a relation, its own columns; empty on its other side. */
  readonly references: readonly string[]
  readonly native: string | undefined
  /** Of an enum. */
  readonly values: readonly string[]
}

export interface SchemaModel {
  readonly name: string
  /** As the client has it: `usageEvent`. */
  readonly property: string
  readonly fields: ReadonlyMap<string, SchemaField>
  /** Fields by which one row is found, the first set being its id. */
  readonly keys: readonly (readonly string[])[]
}

/** The models of a client, as its schema's text has them. */
export function modelsOf(client: PrismaClient): ReadonlyMap<string, SchemaModel> {
  const { _runtimeDataModel, _engineConfig } = internalsOfClient(client)
  const enums = new Map(
    [..._engineConfig.inlineSchema.matchAll(/^enum (\w+) \{\n(.*?)^\}/gms)].map(([, name = '', body = '']) => [
      name,
      [...body.matchAll(/^[ \t]+(\w+)/gm)].map(([, value = '']) => value),
    ]),
  )
  const bodies = new Map(
    [..._engineConfig.inlineSchema.matchAll(/^model (\w+) \{\n(.*?)^\}/gms)].map(([, name = '', body = '']) => [
      name,
      body,
    ]),
  )
  const models = Object.entries(_runtimeDataModel.models).map(([name, { fields }]): [string, SchemaModel] => {
    const body = bodies.get(name) ?? ''
    const keys: string[][] = [...body.matchAll(/@@(?:id|unique)\(\[([^\]]+)\]/g)].map(([, list = '']) =>
      list.split(/, */),
    )
    const known = fields.map((field): [string, SchemaField] => {
      const [, modifier, attributes = ''] =
        new RegExp(`^[ \\t]+${field.name}[ \\t]+\\w+(\\?|\\[\\])?(.*)$`, 'm').exec(body) ?? []
      if (/@id\b/.test(attributes)) keys.unshift([field.name])
      if (/@unique\b/.test(attributes)) keys.push([field.name])
      return [
        field.name,
        {
          name: field.name,
          kind: field.kind as SchemaField['kind'],
          type: field.type,
          isList: modifier === '[]',
          isOptional: modifier === '?',
          hasDefault: /@default\(|@updatedAt/.test(attributes),
          references: /fields: \[([^\]]+)\]/.exec(attributes)?.[1]?.split(/, */) ?? [],
          native: /@db\.(\w+)/.exec(attributes)?.[1],
          values: enums.get(field.type) ?? [],
        },
      ]
    })
    const property = name.charAt(0).toLowerCase() + name.slice(1)
    return [name, { name, property, fields: new Map(known), keys }]
  })
  return new Map(models)
}

export const scalarsOf = ({ fields }: SchemaModel): SchemaField[] =>
  [...fields.values()].filter(({ kind }) => kind !== 'object')
export const relationsOf = ({ fields }: SchemaModel): SchemaField[] =>
  [...fields.values()].filter(({ kind }) => kind === 'object')

/** Which model the column of a relation refers to. */
export function parentOf({ fields }: SchemaModel, column: string): string | undefined {
  return [...fields.values()].find(({ references }) => references.includes(column))?.type
}
