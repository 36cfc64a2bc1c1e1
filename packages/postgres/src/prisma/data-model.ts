import type { ClientSchema } from '../internals/prisma.js'

/** A field of a model, as far as its accepted values are concerned. */
export interface Field {
  readonly name: string
  readonly kind: 'scalar' | 'object' | 'enum' | 'unsupported'
  /** The scalar's type in Prisma's words (`Int`), the enum's, or the related model. */
  readonly type: string
  /** The name after `@db.`, without its arguments: `Uuid`, `Citext`. */
  readonly native: string | undefined
  /** The name of its column. */
  readonly column: string
  /** `?` if it may be null, `[]` for a list, otherwise empty; undefined if the schema's text does not show it. */
  readonly modifier: '?' | '[]' | '' | undefined
  /** The function with which Prisma generates a value for each row without one: `uuid(7)`. */
  readonly generator: string | undefined
  /** For an enum, the database's name of each value. */
  readonly values: ReadonlyMap<string, string> | undefined
}

export type Model = ReadonlyMap<string, Field>
/** The models by name. */
export type DataModel = ReadonlyMap<string, Model>

const known = new WeakMap<object, DataModel>()

/** The models of a client. Read once for all clients of one schema. */
export function dataModelOf({ _runtimeDataModel, _engineConfig }: ClientSchema): DataModel {
  const read = known.get(_runtimeDataModel)
  if (read) return read
  const { models } = _runtimeDataModel
  const written = writtenFields(_engineConfig.inlineSchema)
  const values = writtenEnums(_engineConfig.inlineSchema)
  const dataModel = new Map(
    Object.entries(models).map(([model, { fields }]) => [
      model,
      new Map(
        fields.map(({ name, kind, type, dbName }): [string, Field] => {
          const { modifier, attributes = '' } = written.get(`${model}.${name}`) ?? {}
          const field = {
            name,
            kind,
            type,
            modifier,
            column: dbName ?? name,
            native: /@db\.(\w+)/.exec(attributes)?.[1],
            generator: /@default\(((?:uuid|cuid|nanoid|ulid)\(\d*\))\)/.exec(attributes)?.[1],
            values: kind === 'enum' ? values.get(type) : undefined,
          }
          return [name, field]
        }),
      ),
    ]),
  )
  known.set(_runtimeDataModel, dataModel)
  return dataModel
}

interface WrittenField {
  readonly modifier: '?' | '[]' | ''
  readonly attributes: string
}

/** The schema's facts about its fields, by `Model.field`: only its text contains all of them. */
function writtenFields(schema: string): ReadonlyMap<string, WrittenField> {
  const fields = new Map<string, WrittenField>()
  for (const [, model, body = ''] of schema.matchAll(/^model (\w+) \{\n(.*?)^\}/gms))
    for (const [, field, modifier = '', attributes = ''] of body.matchAll(/^[ \t]+(\w+)[ \t]+\w+(\?|\[\])?(.*)$/gm))
      fields.set(`${model}.${field}`, { modifier: modifier as WrittenField['modifier'], attributes })
  return fields
}

/** The values of each enum, and their names in the database. */
function writtenEnums(schema: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const enums = new Map<string, ReadonlyMap<string, string>>()
  for (const [, name = '', body = ''] of schema.matchAll(/^enum (\w+) \{\n(.*?)^\}/gms)) {
    const values = [...body.matchAll(/^[ \t]+(\w+)(?:[ \t]+@map\(("(?:[^"\\]|\\.)*")\))?/gm)]
    enums.set(
      name,
      new Map(
        values.map(([, value = '', mapped]): [string, string] => [
          value,
          mapped ? (JSON.parse(mapped) as string) : value,
        ]),
      ),
    )
  }
  return enums
}
