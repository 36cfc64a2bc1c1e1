import { type DbQuery, type Fragment, NotCompiled, type Plan, type PlanNode } from './plan.js'

/** The form of several `findUnique` that Prisma answers with one statement. */
export interface BatchResponse {
  readonly type: string
  readonly plan?: PlanNode
  /** The key of each call. */
  readonly arguments?: readonly Readonly<Record<string, unknown>>[]
  /** The fields that the calls requested; the rows contain their keys as well. */
  readonly nestedSelection?: readonly string[]
  readonly keys?: readonly string[]
  /** Whether finding nothing is an error. */
  readonly expectNonEmpty?: boolean
}

/** The plan of several `findUnique` by one field. */
export interface UniquePlan {
  /** Its only leaf is the list of keys. */
  readonly plan: Plan
  /** The field that distinguishes the rows. */
  readonly key: string
  readonly isKeySelected: boolean
  readonly expectsRow: boolean
}

/** @throws {NotCompiled} if it does not have one field and two keys. */
export function uniquePlan(response: BatchResponse): UniquePlan {
  const { type, plan, keys = [], nestedSelection = [], expectNonEmpty = false } = response
  const [key] = keys
  const names = (response.arguments ?? []).map((one) => nameOf(key === undefined ? undefined : one[key]))
  const [first, second] = names
  if (type !== 'compacted' || !plan || !key || keys.length > 1 || names.length !== 2 || !first || !second)
    throw new NotCompiled('keys of several fields')
  return {
    plan: { root: withList(plan, [first, second]), names: [first], carriers: ['plain'] },
    key,
    isKeySelected: nestedSelection.includes(key),
    expectsRow: expectNonEmpty,
  }
}

function nameOf(value: unknown): string | undefined {
  const asked = value as { readonly prisma__value?: { readonly name?: string } } | undefined
  return asked?.prisma__value?.name
}

/** Returns the same plan with a list instead of the two keys in its first statement. */
function withList(plan: PlanNode, names: readonly [string, string]): PlanNode {
  let found = 0
  const changed = JSON.stringify(plan, (_key, value: unknown) => {
    if (!isQuery(value) || !value.args.some((arg) => nameOf(arg) === names[0])) return value
    found += 1
    return oneList(value, names)
  })
  if (found !== 1 || changed.split(JSON.stringify(names[1])).length > 1) throw new NotCompiled('keys in several places')
  return JSON.parse(changed) as PlanNode
}

/** `IN ($1,$2)`, in Prisma's fragments, as for a list. */
function oneList(query: DbQuery, names: readonly [string, string]): DbQuery {
  const { fragments, args, argTypes } = query
  const at = fragments.findIndex(({ chunk }) => chunk?.endsWith(' IN ('))
  const [before, first, comma, second, behind] = fragments.slice(at, at + 5)
  const index = fragments.slice(0, at).filter(({ type }) => type !== 'stringChunk').length
  const isPair =
    first?.type === 'parameter' &&
    second?.type === 'parameter' &&
    comma?.chunk === ',' &&
    behind?.chunk?.startsWith(')') &&
    [args[index], args[index + 1]].map(nameOf).join() === names.join()
  if (at < 0 || !before?.chunk || !behind?.chunk || !isPair) throw new NotCompiled('keys that do not follow IN')
  const list: Fragment[] = [
    { type: 'stringChunk', chunk: before.chunk.slice(0, -1) },
    { type: 'parameterTuple', itemPrefix: '', itemSeparator: ',', itemSuffix: '' },
    { type: 'stringChunk', chunk: behind.chunk.slice(1) },
  ]
  return {
    ...query,
    fragments: [...fragments.slice(0, at), ...list, ...fragments.slice(at + 5)],
    args: args.filter((_arg, each) => each !== index + 1),
    argTypes: argTypes.filter((_type, each) => each !== index + 1),
  }
}

function isQuery(value: unknown): value is DbQuery {
  return typeof value === 'object' && value !== null && 'fragments' in value
}
