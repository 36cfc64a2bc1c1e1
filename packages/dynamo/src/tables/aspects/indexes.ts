import type { GlobalSecondaryIndexDescription } from '@aws-sdk/client-dynamodb'
import type { ActualTable } from '../actual.js'
import { attributeDefinitions, type IndexDefinition, keySchema, toIndexInput } from '../definition.js'
import { keysText, typesOf } from '../keys-text.js'
import { type Aspect, type Change, update } from './aspect.js'

/**
 * The indexes. One is deleted or created at a time, because DynamoDB allows no more; an index with other keys is
 * deleted and created, and its queries fail in between.
 */
export const indexes: Aspect = {
  what: 'indexes',
  plan(definition, actual) {
    const wanted = new Map(definition.indexes.map((index) => [index.name, index]))
    const found = new Map((actual.description.GlobalSecondaryIndexes ?? []).map((index) => [index.IndexName, index]))
    const wantedText = (index: IndexDefinition | undefined): string =>
      index ? `${keysText(keySchema(index), definition.keyAttributes)}, ALL` : 'absent'
    const differing = [...new Set([...wanted.keys(), ...found.keys()])].flatMap((name) => {
      const index = wanted.get(name ?? '')
      const [expected, has] = [wantedText(index), foundText(found.get(name), actual)]
      return expected === has ? [] : [{ name, index, expected, found: has }]
    })
    const kept = new Set(definition.indexes.map(({ name }) => name).filter((name) => found.has(name)))
    return [
      ...differing.flatMap(({ name, expected, found: has }): Change[] =>
        has === 'absent'
          ? []
          : [
              {
                what: `index ${name}`,
                expected,
                found: has,
                destructive: true,
                does: `delete the index ${name}`,
                request: update({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: name } }] }),
              },
            ],
      ),
      ...differing.flatMap(({ index, expected, found: has }): Change[] => {
        if (index === undefined) return []
        kept.add(index.name)
        return [
          {
            what: `index ${index.name}`,
            expected,
            found: has,
            destructive: false,
            does: `create the index ${index.name}`,
            request: update({
              // Exactly of those that exist by then: DynamoDB refuses attributes that no key uses.
              AttributeDefinitions: attributeDefinitions({
                ...definition,
                indexes: definition.indexes.filter(({ name }) => kept.has(name)),
              }),
              GlobalSecondaryIndexUpdates: [{ Create: toIndexInput(index, definition.billing) }],
            }),
          },
        ]
      }),
    ]
  },
}

function foundText(index: GlobalSecondaryIndexDescription | undefined, { description }: ActualTable): string {
  if (index === undefined) return 'absent'
  return `${keysText(index.KeySchema, typesOf(description))}, ${index.Projection?.ProjectionType}`
}
