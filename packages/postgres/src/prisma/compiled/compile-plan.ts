import type { RawRows } from '../../statement/rows-statement.js'
import { type CompiledQuery, compileQuery, type SlotNames, type Values } from './db-query.js'
import { listOf, mapField, process, required, resultsOf, satisfies, unique } from './in-memory.js'
import { Link } from './link.js'
import { type Enums, Place } from './place.js'
import {
  type DataRule,
  type DbQuery,
  type InMemoryOps,
  type JoinChild,
  NotCompiled,
  type Plan,
  type PlanNode,
  type ResultNode,
} from './plan.js'
import type { Reading } from './read-values.js'
import { RowReaders, resultMapper } from './row-readers.js'

/** One run of a compiled plan. */
export interface Run extends Values {
  /** Sends a statement, and returns its raw rows. */
  send(query: CompiledQuery): Promise<RawRows>
}

/** A plan compiled to functions. */
export interface CompiledPlan {
  /** The number of the plan's own names. */
  readonly slots: number
  /** If the whole plan is one statement that is known in advance: the statement, and the conversion of its rows. */
  readonly only: { readonly query: CompiledQuery; use(rows: RawRows, run: Values): unknown } | undefined
  run(run: Run): Promise<unknown>
}

/** A node that rejects its input: Prisma creates the error. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly node: PlanNode
  readonly data: unknown

  constructor(node: PlanNode, data: unknown) {
    super('refused')
    this.node = node
    this.data = data
  }
}

/**
 * The part that queries the server, and the part that processes the answer. Without a query, there is only the latter.
 */
interface Step {
  /** The statement, if querying means only sending it. */
  readonly query?: CompiledQuery
  readonly ask: ((run: Run) => Promise<unknown> | undefined) | undefined
  readonly use: (value: unknown, run: Values) => unknown
  /** Set if its value is the rows of a statement. */
  readonly place?: Place | undefined
}

const same = (value: unknown): unknown => value

/**
 * Compiles a plan to functions, node by node.
 * @throws {NotCompiled} for plans that are left to Prisma.
 */
export function compilePlan(plan: Plan, reading: Reading): CompiledPlan {
  const compiler = new Compiler(plan, reading)
  const step = compiler.step(plan.root, new Map())
  const { query, use } = step
  return {
    slots: compiler.slots,
    only: query && { query, use },
    run: (run) => begun(step, run),
  }
}

async function begun({ ask, use }: Step, run: Run): Promise<unknown> {
  return use(ask && (await ask(run)), run)
}

class Compiler {
  slots = 0
  /** By the slots of names that hold rows. */
  readonly #places = new Map<number, Place>()
  readonly #plan: Plan
  readonly #reading: Reading

  constructor(plan: Plan, reading: Reading) {
    this.#plan = plan
    this.#reading = reading
  }

  step(node: PlanNode, names: SlotNames): Step {
    switch (node.type) {
      case 'query': {
        const place = new Place()
        return { ...this.#query(node.args as DbQuery, names, RowReaders.ofRows(place, this.#reading)), place }
      }
      case 'dataMap':
        return this.#dataMap(node.args as DataMapArgs, names)
      case 'get':
        return this.#get(node.args as { readonly name: string }, names)
      case 'let':
        return this.#let(node.args as LetArgs, names)
      case 'join':
        return this.#join(node.args as JoinArgs, names)
      case 'process': {
        const { expr, operations } = node.args as { readonly expr: PlanNode; readonly operations: InMemoryOps }
        assertNoCursor(operations)
        const step = this.step(expr, names)
        if (step.place && Object.keys(operations.nested).length > 0) step.place.isSeenWhole = true
        step.place?.needs([...(operations.distinct ?? []), ...(operations.linkingFields ?? [])])
        return after(step, (value) => process(value, operations))
      }
      case 'mapField': {
        const { field, records } = node.args as { readonly field: string; readonly records: PlanNode }
        const step = this.step(records, names)
        step.place?.needs([field])
        return { ...after(step, (value) => mapField(value, field)), place: undefined }
      }
      default:
        return this.#countedOrRefused(node, names)
    }
  }

  /** Nodes that treat rows and their results alike: they check only the number. */
  #countedOrRefused(node: PlanNode, names: SlotNames, below = (inner: PlanNode) => this.step(inner, names)): Step {
    switch (node.type) {
      case 'unique':
        return after(below(node.args as PlanNode), unique)
      case 'required':
        return after(below(node.args as PlanNode), required)
      case 'reverse':
        return after(below(node.args as PlanNode), (value) => (Array.isArray(value) ? value.reverse() : value))
      case 'validate': {
        const { expr, rules } = node.args as { readonly expr: PlanNode; readonly rules: readonly DataRule[] }
        if (rules.some(({ type }) => type !== 'rowCountEq' && type !== 'rowCountNeq'))
          throw new NotCompiled('a rule about changed rows')
        return after(below(expr), (value) => {
          if (rules.every((rule) => satisfies(value, rule))) return value
          throw new Refused(node, value)
        })
      }
      default:
        throw new NotCompiled(`a step of type ${node.type}`, !KNOWN_TYPES.has(node.type))
    }
  }

  #query(query: DbQuery, names: SlotNames, readers: RowReaders): Step {
    const compiled = compileQuery(query, this.#plan, names)
    return {
      query: compiled,
      ask: (run) => run.send(compiled),
      use: (answer) => {
        const { fields, rawRows } = answer as RawRows
        return readers.read(fields, rawRows)
      },
    }
  }

  /** Directly from the text of the columns, if no node in between needs all of them. */
  #dataMap({ expr, structure, enums }: DataMapArgs, names: SlotNames): Step {
    const map = resultMapper(structure, enums, this.#reading) // also if it is not used: it rejects what no reader could parse
    const direct = (node: PlanNode): Step =>
      node.type === 'query'
        ? this.#query(node.args as DbQuery, names, RowReaders.ofResults(structure, enums, this.#reading))
        : this.#countedOrRefused(node, names, direct)
    if (isDirect(expr)) return direct(expr)
    const step = this.step(expr, names)
    const isSettled = structure.type === 'object' && step.place?.settle(structure, enums)
    return { ...after(step, isSettled ? resultsOf : map), place: undefined }
  }

  #get({ name }: { readonly name: string }, names: SlotNames): Step {
    const slot = names.get(name)
    if (slot === undefined) throw new NotCompiled('a name without a value')
    return { ask: undefined, use: (_nothing, { slots }) => slots[slot], place: this.#places.get(slot) }
  }

  #let({ bindings, expr }: LetArgs, outer: SlotNames): Step {
    const names = new Map(outer)
    const steps = bindings.map((binding) => {
      const step = this.step(binding.expr, names)
      const slot = this.slots
      this.slots += 1
      names.set(binding.name, slot)
      if (step.place) this.#places.set(slot, step.place)
      return { step, slot }
    })
    const body = this.step(expr, names)
    // Without a promise if nothing is sent: most names stand for a column of rows that were already read.
    const from = (first: number, run: Run): Promise<unknown> | undefined => {
      for (let index = first; index < steps.length; index += 1) {
        const { step, slot } = steps[index] as { readonly step: Step; readonly slot: number }
        const asked = step.ask?.(run)
        if (asked)
          return asked.then((answer) => {
            run.slots[slot] = step.use(answer, run)
            return from(index + 1, run)
          })
        run.slots[slot] = step.use(undefined, run)
      }
      return body.ask?.(run)
    }
    const ask = (run: Run): Promise<unknown> | undefined => from(0, run)
    return { ask, use: body.use, place: body.place }
  }

  #join({ parent, children, canAssumeStrictEquality: isStrict }: JoinArgs, names: SlotNames): Step {
    if (!isStrict) throw new NotCompiled('a relation by columns of two types')
    const { ask: askParent, use: useParent, place } = this.step(parent, names)
    const steps: Step[] = []
    const links: Link[] = []
    for (const join of children) {
      const step = this.step(join.child, names)
      steps.push(step)
      links.push(new Link(join, place, step.place))
    }
    const ask = async (run: Run): Promise<unknown> => {
      const rows = useParent(askParent && (await askParent(run)), run)
      if (rows === null) return null
      const found = await all(steps.map((step) => begun(step, run)))
      const parents = listOf(rows)
      for (const [index, link] of links.entries()) link.attach(parents, found[index])
      return rows
    }
    return { ask, use: same, place }
  }
}

/** Like Promise.all, but all have ended when it rejects. */
async function all(works: readonly Promise<unknown>[]): Promise<unknown[]> {
  try {
    return await Promise.all(works)
  } catch (error) {
    for (const settled of await Promise.allSettled(works)) if (settled.status === 'rejected') throw settled.reason
    throw error
  }
}

function after({ use, ...step }: Step, then: (value: unknown) => unknown): Step {
  return { ...step, use: use === same ? then : (value, run) => then(use(value, run)) }
}

interface DataMapArgs {
  readonly expr: PlanNode
  readonly structure: ResultNode
  readonly enums: Enums
}

interface LetArgs {
  readonly bindings: readonly { readonly name: string; readonly expr: PlanNode }[]
  readonly expr: PlanNode
}

interface JoinArgs {
  readonly parent: PlanNode
  readonly children: readonly JoinChild[]
  readonly canAssumeStrictEquality: boolean
}

const COUNTING = new Set(['unique', 'required', 'reverse'])

function isDirect({ type, args }: PlanNode): boolean {
  if (type === 'query') return true
  if (type === 'validate') return isDirect((args as { readonly expr: PlanNode }).expr)
  return COUNTING.has(type) && isDirect(args as PlanNode)
}

/** Prisma compares it with the parsed rows; only the server knows whether a caller's spelling is equal. */
function assertNoCursor({ pagination, nested }: InMemoryOps): void {
  if (pagination !== null && pagination.cursor !== null) throw new NotCompiled('a cursor among rows that were read')
  Object.values(nested).forEach(assertNoCursor)
}

/** The types of nodes that Prisma 7.10 has. */
const KNOWN_TYPES: ReadonlySet<string> = new Set([
  ...['value', 'seq', 'get', 'let', 'getFirstNonEmpty', 'reverse', 'sum', 'concat', 'unique', 'required', 'join'],
  ...['mapField', 'dataMap', 'validate', 'if', 'unit', 'diff', 'initializeRecord', 'mapRecord', 'process'],
  ...['query', 'execute', 'transaction'],
])
