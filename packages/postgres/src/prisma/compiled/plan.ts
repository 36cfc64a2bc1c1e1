/**
 * The plans of Prisma's compiler, as far as reads use them, in the form of Prisma 7.10. Nodes of other types are
 * rejected; nothing is guessed.
 */
export interface PlanNode {
  readonly type: string
  readonly args?: unknown
}

/** The places of a call's values in its plan. */
export interface Plan {
  readonly root: PlanNode
  /** For each leaf, the name by which the plan refers to it; undefined if its value is in the plan itself. */
  readonly names: readonly (string | undefined)[]
  /** Values of enums, by their names in the plan: words of the schema, each of which gives a separate plan. */
  readonly words?: ReadonlyMap<string, unknown>
  /** The conversion of each leaf for the plan. */
  readonly carriers: readonly Carrier[]
}

/** `json`: the text of it as JSON. */
export type Carrier = 'plain' | 'json'

/** One statement with its values, or the names of those that come with a call. */
export interface DbQuery {
  readonly type: string
  readonly fragments: readonly Fragment[]
  readonly placeholderFormat: { readonly prefix: string; readonly hasNumbering: boolean }
  readonly args: readonly unknown[]
  readonly argTypes: readonly ArgType[]
  /** Whether Prisma splits a list that is too long for one statement. */
  readonly chunkable: boolean
}

export interface Fragment {
  readonly type: string
  readonly chunk?: string
  readonly itemPrefix?: string
  readonly itemSeparator?: string
  readonly itemSuffix?: string
}

/** What the adapter needs to know to send a value. */
export interface ArgType {
  readonly arity: string
  readonly scalarType: string
  readonly dbType?: string
}

/** The places of a statement's results in the caller's result. */
export type ResultNode =
  | {
      readonly type: 'object'
      readonly fields: Readonly<Record<string, ResultNode>>
      readonly serializedName: string | null
      readonly skipNulls: boolean
    }
  | { readonly type: 'field'; readonly dbName: string; readonly fieldType: FieldType }
  | { readonly type: 'affectedRows' }

export interface FieldType {
  readonly arity: string
  readonly type: string
  /** The name of an enum. */
  readonly name?: string
  /** The encoding of bytes. */
  readonly encoding?: string
}

/** A relation that is attached to the rows of its parent. */
export interface JoinChild {
  readonly child: PlanNode
  readonly on: readonly (readonly [parent: string, child: string])[]
  readonly parentField: string
  readonly isRelationUnique: boolean
}

export interface DataRule {
  readonly type: string
  readonly args: number
}

/** Processing of rows that no statement does. */
export interface InMemoryOps {
  readonly pagination: {
    readonly cursor: Readonly<Record<string, unknown>> | null
    readonly take: number | null
    readonly skip: number | null
  } | null
  readonly distinct: readonly string[] | null
  readonly reverse: boolean
  readonly linkingFields: readonly string[] | null
  readonly nested: Readonly<Record<string, InMemoryOps>>
}

/** A plan that is left to Prisma, and why. */
export class NotCompiled extends Error {
  override readonly name = 'NotCompiled'
  /** A node unknown to this version of Prisma. */
  readonly isUnknown: boolean

  constructor(reason: string, isUnknown = false) {
    super(reason)
    this.isUnknown = isUnknown
  }
}
