/**
 * What Prisma's compiler makes of a call, as far as reads use it, in the form of Prisma 7.10. A node of another type is
 * refused; nothing here is guessed.
 */
export interface PlanNode {
  readonly type: string
  readonly args?: unknown
}

/** Where the values of a call stand in its plan. */
export interface Plan {
  readonly root: PlanNode
  /** For each leaf the name by which the plan asks for it; undefined where its value is in the plan itself. */
  readonly names: readonly (string | undefined)[]
  /** Values of enums, by their names in the plan: words of the schema, of which each makes a plan of its own. */
  readonly words?: ReadonlyMap<string, unknown>
  /** What becomes of each leaf before the plan has it. */
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
  /** Whether Prisma cuts a list that is too long for one statement into several. */
  readonly chunkable: boolean
}

export interface Fragment {
  readonly type: string
  readonly chunk?: string
  readonly itemPrefix?: string
  readonly itemSeparator?: string
  readonly itemSuffix?: string
}

/** What the adapter needs to know of a value, to send it. */
export interface ArgType {
  readonly arity: string
  readonly scalarType: string
  readonly dbType?: string
}

/** Where the results of a statement stand in what the caller gets. */
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
  /** Of an enum. */
  readonly name?: string
  /** Of bytes. */
  readonly encoding?: string
}

/** A relation that is put on the rows of its parent. */
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

/** What is done with rows here, as no statement does it. */
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
  /** Of a kind that this version of Prisma does not have. */
  readonly isUnknown: boolean

  constructor(reason: string, isUnknown = false) {
    super(reason)
    this.isUnknown = isUnknown
  }
}
