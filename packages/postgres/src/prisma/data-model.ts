import type { ClientSchema } from '../internals/prisma.js'

/** A field of a model, as far as the values that it takes are concerned. */
export interface Field {
  readonly name: string
  readonly kind: 'scalar' | 'object' | 'enum' | 'unsupported'
  /** The scalar's type in Prisma's words (`Int`), or the related model. */
  readonly type: string
  /** What stands behind `@db.`, without its arguments: `Uuid`, `Citext`. */
  readonly native: string | undefined
  /** The name of its column. */
  readonly column: string
}

export type Model = ReadonlyMap<string, Field>
/** The models by name. */
export type DataModel = ReadonlyMap<string, Model>

const known = new WeakMap<object, DataModel>()

/** The models of a client. Read once for all clients of one schema. */
export function dataModelOf({ _runtimeDataModel, _engineConfig }: ClientSchema): DataModel {
  const read = known.get(_runtimeDataModel)
  if (read) return read
  const natives = nativeTypes(_engineConfig.inlineSchema)
  const dataModel = new Map(
    Object.entries(_runtimeDataModel.models).map(([model, { fields }]) => [
      model,
      new Map(
        fields.map(({ name, kind, type, dbName }) => [
          name,
          { name, kind, type, native: natives.get(`${model}.${name}`), column: dbName ?? name },
        ]),
      ),
    ]),
  )
  known.set(_runtimeDataModel, dataModel)
  return dataModel
}

/** The native types, by `Model.field`: only the schema's own text has them. */
function nativeTypes(schema: string): ReadonlyMap<string, string> {
  const natives = new Map<string, string>()
  for (const [, model, body = ''] of schema.matchAll(/^model (\w+) \{\n(.*?)^\}/gms))
    for (const [, field, native = ''] of body.matchAll(/^\s+(\w+)\s+\w.*?@db\.(\w+)/gm))
      natives.set(`${model}.${field}`, native)
  return natives
}
