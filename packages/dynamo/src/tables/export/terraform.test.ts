import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { tableDefinitions } from '../definitions.js'
import { toTerraform } from './terraform.js'

/** A block of the provider's schema: its attributes and inner blocks by name. */
type Block = Readonly<Record<string, { readonly required?: boolean; readonly type: Type }>>
/** A primitive's name, a block, or a list of either. */
type Type = string | Block | readonly [string | Block]

/** `source` in it says where it is from. */
const fixture = new URL('../../../test/fixtures/terraform-aws.json', import.meta.url)
const { resources } = JSON.parse(readFileSync(fixture, 'utf8')) as {
  readonly resources: Readonly<Record<string, Block>>
}

/** Terraform's own, in every resource. */
const META: Block = {
  lifecycle: { type: { prevent_destroy: { type: 'bool' }, ignore_changes: { type: ['string'] } } },
  depends_on: { type: ['string'] },
}

/** What is wrong with a block by the provider's schema, each with the path. */
function faults(value: unknown, block: Block, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path} is no object`]
  const missing = Object.entries(block).filter(([name, { required }]) => required && !(name in value))
  return [
    ...missing.map(([name]) => `${path}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, member]) =>
      block[name] ? faultsOf(member, block[name].type, `${path}.${name}`) : [`${path}.${name} does not exist`],
    ),
  ]
}

function faultsOf(value: unknown, type: Type, path: string): string[] {
  if (Array.isArray(type)) {
    const [inner] = type as readonly [string | Block]
    return Array.isArray(value)
      ? value.flatMap((one, i) => faultsOf(one, inner, `${path}[${i}]`))
      : [`${path} is no list`]
  }
  if (typeof type === 'object') return faults(value, type as Block, path)
  const fits =
    type === 'map of string'
      ? typeof value === 'object' && Object.values(value ?? {}).every((member) => typeof member === 'string')
      : typeof value === (type === 'bool' ? 'boolean' : type)
  return fits ? [] : [`${path} is ${JSON.stringify(value)}, no ${type}`]
}

/** As it is written and read. */
const configuration = (prefix = '') =>
  JSON.parse(JSON.stringify(toTerraform({ prefix }))) as ReturnType<typeof toTerraform>

describe('toTerraform', () => {
  it("gives resources that the provider's schema accepts", () => {
    const all = Object.entries(configuration().resource).flatMap(([type, named]) =>
      Object.entries(named).map(([name, resource]) => ({ type, name, resource })),
    )
    expect(all.map(({ type }) => type.replace('aws_', ''))).toEqual([
      'dynamodb_table',
      'dynamodb_table',
      'dynamodb_table',
      'appautoscaling_target',
      'appautoscaling_target',
      'appautoscaling_policy',
      'appautoscaling_policy',
    ])
    for (const { type, name, resource } of all) {
      expect(faults(resource, { ...resources[type], ...META }, `${type}.${name}`)).toEqual([])
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
    }
  })

  it('would be told by that schema of what is missing, misspelled or of another type', () => {
    const wrong = { nam: 'a', hash_key: 1, ttl: true, attribute: [{ name: 'pk' }], stream_enabled: 'yes' }
    expect(faults(wrong, resources['aws_dynamodb_table'] ?? {}, 'T')).toEqual([
      'T.name is missing',
      'T.nam does not exist',
      'T.hash_key is 1, no string',
      'T.ttl is no object',
      'T.attribute[0].type is missing',
      'T.stream_enabled is "yes", no bool',
    ])
  })

  it('refers only to what it holds', () => {
    const { resource } = configuration()
    const names = Object.entries(resource).flatMap(([type, named]) =>
      Object.keys(named).map((name) => `${type}.${name}`),
    )
    const text = JSON.stringify(resource)
    const referred = [...text.matchAll(/(?<=\$\{|\["|,")aws_\w+\.\w+/g)].map(([name]) => name)
    expect(referred).toHaveLength(2 + 2 * 3)
    for (const name of referred) expect(names).toContain(name)
  })

  it('declares each attribute that is a key of the table or an index, and no other', () => {
    const { aws_dynamodb_table: tables } = configuration('staging_').resource
    const declared = Object.values(tables ?? {}) as { name: string; attribute: { name: string; type: string }[] }[]
    expect(declared.map(({ name }) => name)).toEqual(tableDefinitions.map(({ name }) => `staging_${name}`))
    for (const [i, { attribute }] of declared.entries()) {
      const types = Object.fromEntries(attribute.map(({ name, type }) => [name, type]))
      expect(types).toEqual(tableDefinitions[i]?.keyAttributes)
    }
  })
})
