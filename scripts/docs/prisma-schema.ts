import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** A column of the Prisma schema, in SQL terms. */
export interface Column {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly default?: string
  /** The type of its value in packages/postgres/src/schema/domain.ts. */
  readonly typedAs?: string
  readonly doc: string
  readonly primaryKey: boolean
  readonly unique: boolean
}

/** A foreign key. */
interface Reference {
  /** Several are joined by a comma and a space. */
  readonly column: string
  readonly table: string
  readonly required: boolean
  readonly onDelete: string
}

export interface Table {
  readonly name: string
  /** Its name in the Prisma schema, which is also the name of the type of its rows. */
  readonly model: string
  /** `@@ignore`: not part of Prisma's client. */
  readonly isIgnored: boolean
  readonly doc: string
  readonly columns: readonly Column[]
  readonly references: readonly Reference[]
  /** Unique keys of several columns, and indexes, as lists of columns. */
  readonly keys: readonly { readonly unique: boolean; readonly columns: string }[]
}

/** One file of the schema. */
export interface Domain {
  readonly name: string
  readonly tables: readonly Table[]
}

const sqlTypes = new Map(
  Object.entries({
    String: 'text',
    Int: 'integer',
    BigInt: 'bigint',
    Boolean: 'boolean',
    Json: 'jsonb',
    Float: 'double precision',
    Decimal: 'numeric(65,30)',
    DateTime: 'timestamp(3)',
    Bytes: 'bytea',
  }),
)

interface Field {
  readonly name: string
  readonly type: string
  readonly modifier: string
  readonly attributes: string
  readonly docs: readonly string[]
}

interface Model {
  readonly name: string
  readonly doc: string
  readonly fields: readonly Field[]
  readonly attributes: readonly string[]
}

/**
 * Reads the files of a formatted Prisma schema (one declaration per line, as by `prisma format`) that contain models.
 */
export function readPrismaSchema(folder: string): Domain[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.prisma'))
    .sort()
  const domains = files.map((file) => ({
    name: path.basename(file, '.prisma'),
    models: parseModels(readFileSync(path.join(folder, file), 'utf8')),
  }))
  const models = new Map(domains.flatMap((domain) => domain.models.map((model) => [model.name, model])))
  // A column of an enum has the enum's type.
  for (const file of files) {
    const text = readFileSync(path.join(folder, file), 'utf8')
    for (const [, name = '', body = ''] of text.matchAll(/^enum (\w+) \{$([\s\S]*?)^\}$/gm)) {
      sqlTypes.set(name, /@@map\("(\w+)"\)/.exec(body)?.[1] ?? `"${name}"`)
    }
  }
  return domains
    .filter((domain) => domain.models.length > 0)
    .map(({ name, models: own }) => ({ name, tables: own.map((model) => toTable(model, models)) }))
}

function parseModels(text: string): Model[] {
  const models: Model[] = []
  let docs: string[] = []
  let open: { name: string; doc: string; fields: Field[]; attributes: string[] } | undefined
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    const model = /^model (\w+) \{$/.exec(line)
    const field = /^(\w+)\s+(\w+)(\[\]|\?)?\s*(.*)$/.exec(line)
    if (line.startsWith('///')) {
      docs.push(line.slice(3).trim())
      continue
    }
    if (model) {
      open = { name: model[1] ?? '', doc: docs.join(' '), fields: [], attributes: [] }
      models.push(open)
    } else if (line === '}') open = undefined
    else if (line.startsWith('@@')) open?.attributes.push(line)
    else if (open && field) {
      const [, name = '', type = '', modifier = '', attributes = ''] = field
      open.fields.push({ name, type, modifier, attributes, docs })
    }
    docs = []
  }
  return models
}

function toTable(model: Model, models: ReadonlyMap<string, Model>): Table {
  const columnOf = (fieldName: string): string => {
    const field = model.fields.find(({ name }) => name === fieldName)
    if (!field) throw new Error(`Model ${model.name} has no field ${fieldName}`)
    return columnName(field)
  }
  const keys = model.attributes.flatMap((attribute) => {
    const key = /^@@(unique|index)\(\[(.+?)\]/.exec(attribute)
    if (!key) return []
    const columns = (key[2] ?? '').split(', ').map((part) => {
      const [, name = '', descending] = /^(\w+)(\(sort: Desc\))?$/.exec(part) ?? []
      return columnOf(name) + (descending ? ' desc' : '')
    })
    return [{ unique: key[1] === 'unique', columns: columns.join(', ') }]
  })
  return {
    name: tableName(model),
    model: model.name,
    isIgnored: model.attributes.includes('@@ignore'),
    doc: model.doc,
    columns: model.fields
      .filter(({ type }) => !models.has(type))
      .map(toColumn)
      .map((column) => ({ ...column, doc: inSqlNames(column.doc, model) })),
    references: model.fields.flatMap((field) => {
      const [, fields] = /@relation\(.*fields: \[(.*?)\]/.exec(field.attributes) ?? []
      const target = models.get(field.type)
      if (fields === undefined || !target) return []
      const required = field.modifier !== '?'
      const [, onDelete = required ? 'Restrict' : 'SetNull'] = /onDelete: (\w+)/.exec(field.attributes) ?? []
      const column = fields.split(', ').map(columnOf).join(', ')
      return [{ column, table: tableName(target), required, onDelete }]
    }),
    keys,
  }
}

function toColumn(field: Field): Column {
  const typedAs = field.docs.map((line) => /^\[(\w+)\]$/.exec(line)?.[1]).find((name) => name !== undefined)
  const value = /@default\((?:dbgenerated\("(.+?)"\)|(.+?))\)(?: |$)/.exec(field.attributes)
  const declared = value?.[1] ?? value?.[2]
  return {
    name: columnName(field),
    type: sqlType(field),
    nullable: field.modifier === '?',
    ...(declared === undefined ? {} : { default: declared.replace(/^"(.*)"$/, "'$1'") }),
    ...(typedAs === undefined ? {} : { typedAs }),
    doc: field.docs
      .filter((line) => !/^\[\w+\]$/.test(line))
      .join(' ')
      .trim(),
    primaryKey: /@id\b/.test(field.attributes),
    unique: /@unique\b/.test(field.attributes),
  }
}

function sqlType({ type, modifier, attributes }: Field): string {
  const native = /@db\.(\w+)(\([^)]*\))?/.exec(attributes)
  const scalar = native
    ? `${native[1]?.toLowerCase()}${native[2] ?? ''}`.replace('decimal', 'numeric')
    : sqlTypes.get(type)
  if (scalar === undefined) throw new Error(`The type ${type} has no name in SQL here: add it to sqlTypes`)
  return modifier === '[]' ? `${scalar}[]` : scalar
}

/** Replaces Prisma's names of other fields in a doc comment: `revokedAt` becomes `revoked_at`. */
function inSqlNames(doc: string, model: Model): string {
  return doc.replace(/`(\w+)`/g, (quoted, name) => {
    const field = model.fields.find((candidate) => candidate.name === name)
    return field ? `\`${columnName(field)}\`` : quoted
  })
}

const columnName = ({ name, attributes }: Field): string => /@map\("(\w+)"\)/.exec(attributes)?.[1] ?? name

function tableName(model: Model): string {
  const mapped = model.attributes.map((line) => /^@@map\("(\w+)"\)$/.exec(line)?.[1]).find((name) => name !== undefined)
  return mapped ?? model.name
}
