import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { tableDefinitions } from '../tables/definitions.js'
import { personKinds, personTables, readable } from './kinds.js'

const source = path.resolve(import.meta.dirname, '..')

/** What every file of entities exports as one. */
async function everyEntity(): Promise<readonly (readonly [name: string, entity: unknown])[]> {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\bentity\.ts$/.test(file))
  const modules: Record<string, unknown>[] = await Promise.all(files.map((file) => import(path.join(source, file))))
  return modules.flatMap((exports) => Object.entries(exports)).filter(([name]) => name.endsWith('Entity'))
}

describe('what there is of a person in DynamoDB', () => {
  it('names every table and every entity, so that a new one cannot be forgotten', async () => {
    const entities = await everyEntity()
    const known = new Set<unknown>(Object.values(personKinds).map(({ entity }) => entity))
    expect(entities.length).toBeGreaterThanOrEqual(8)
    expect(entities.flatMap(([name, entity]) => (known.has(entity) ? [] : [name]))).toEqual([])
    expect(new Set(Object.values(personTables))).toEqual(new Set(tableDefinitions))
  })

  it.each(Object.entries(personKinds))(
    '%s is found by attributes that it has, and has its own name',
    (kind, { entity, foundBy }) => {
      const { schema } = entity('any')
      expect(schema).toMatchObject({ model: { entity: kind } })
      expect(Object.keys(schema.attributes)).toEqual(expect.arrayContaining([...foundBy]))
    },
  )

  it('shows an item of an unknown kind as it is stored', () => {
    expect(readable({ pk: 'a', sk: 'b', __edb_e__: 'constructor' })).toEqual({
      pk: 'a',
      sk: 'b',
      __edb_e__: 'constructor',
    })
  })
})
