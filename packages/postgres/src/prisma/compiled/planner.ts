import {
  type ClientCall,
  type ClientInternals,
  type Engine,
  type EngineRequest,
  type Planning,
  planningEngine,
  protocolOf,
} from '../../internals/prisma.js'
import { afterPoll } from '../query-compiler.js'
import { type CallShape, type Leaf, withLeaves } from './call-shape.js'
import { carried } from './carried.js'
import { type Carrier, type DbQuery, NotCompiled, type Plan, type PlanNode } from './plan.js'
import { type BatchResponse, type UniquePlan, uniquePlan } from './unique-plan.js'

/** The form in which a plan refers to a value of the call. */
interface Placeholder {
  readonly $type: 'Param'
  readonly value: { readonly name: string; readonly type: string; readonly inner?: { readonly type: string } }
}

/**
 * Gets Prisma's own plan of a call, and its own errors.
 *
 * Both come from a Prisma engine that compiles, and then interprets a different plan than the one it compiled: one that
 * only returns the values that would go into it, which shows the name of each value. No plan is guessed, and nothing
 * reaches a database.
 */
export class Planner {
  readonly #main: Engine
  readonly #connectionInfo: () => unknown
  #engine: Promise<Engine> | undefined
  /** The answers to the next requests, by their numbers. */
  readonly #given = new Map<number, PlanNode>()
  readonly #compiled = new Map<number, { readonly request: Request; readonly plan: PlanNode }>()
  readonly #failures = new Map<number, unknown>()
  #last = 0

  /** @param connectionInfo the adapter's, known once `main` was started. */
  constructor(main: Engine, connectionInfo: () => unknown) {
    this.#main = main
    this.#connectionInfo = connectionInfo
  }

  /**
   * Returns the plan of a call.
   * @throws {NotCompiled} if the places of its values are unknown.
   * @throws Prisma's error if it rejects the call.
   */
  async plan(client: ClientInternals, call: ClientCall, { leaves }: CallShape): Promise<Plan> {
    const engine = await this.#started()
    const answer = Object.values(((await engine.request(protocolOf(client, call, call.args), {})) as Answer).data)[0]
    const [id, ...values] = answer as [number, ...unknown[]]
    const compiled = this.#compiled.get(id)
    this.#compiled.delete(id)
    if (!compiled) throw new NotCompiled('its plan was not seen')
    const marked = protocolOf(
      client,
      call,
      withLeaves(call.args, (index) => MARK + index),
    )
    return { root: compiled.plan, ...located(marked.query, compiled.request, values, leaves, wordsOf(client)) }
  }

  /**
   * Returns the plan of several `findUnique` that differ only in one key, which accepts their keys as a list: its
   * `leaves` are that list.
   * @param calls two of them, with different keys.
   * @throws {NotCompiled} if Prisma queries several keys in another way.
   */
  async planOfUnique(client: ClientInternals, calls: readonly [ClientCall, ClientCall]): Promise<UniquePlan> {
    const engine = await this.#started()
    const queries = calls.map((call) => protocolOf(client, call, call.args))
    const thrown: unknown = await engine.requestBatch(queries, {}).catch((error: unknown) => error)
    if (!(thrown instanceof PlannedBatch)) throw new NotCompiled('keys that Prisma queries one by one')
    return uniquePlan(thrown.response)
  }

  /** Returns the engine's error after a statement failed with `error`, as reported by the adapter. */
  errorOfStatement(error: unknown): Promise<unknown> {
    const id = this.#next()
    this.#failures.set(id, error)
    const query: DbQuery = {
      type: 'templateSql',
      fragments: [{ type: 'stringChunk', chunk: String(id) }],
      placeholderFormat: { prefix: '$', hasNumbering: true },
      args: [],
      argTypes: [],
      chunkable: false,
    }
    return this.#errorOf(id, { type: 'query', args: query }).finally(() => this.#failures.delete(id))
  }

  /** Returns the engine's error for a node that rejects `data`. */
  errorOfNode(node: PlanNode, data: unknown): Promise<unknown> {
    const args = { ...(node.args as object), expr: { type: 'value', args: data } }
    return this.#errorOf(this.#next(), { type: node.type, args })
  }

  /** Frees the compiler's memory. */
  async close(): Promise<void> {
    const engine = this.#engine
    this.#engine = undefined
    await (await engine?.catch(() => undefined))?.stop()
  }

  async #errorOf(id: number, plan: PlanNode): Promise<unknown> {
    const engine = await this.#started()
    this.#given.set(id, plan)
    try {
      await engine.request({ action: 'findFirst', query: { arguments: { [GIVEN]: id }, selection: {} } }, {})
      return undefined
    } catch (error) {
      return error
    } finally {
      this.#given.delete(id)
    }
  }

  #next(): number {
    this.#last += 1
    return this.#last
  }

  /** With the first call, as Prisma does: the main engine loads the compiler, and opens the adapter. */
  #started(): Promise<Engine> {
    this.#engine ??= this.#start()
    this.#engine.catch(() => {
      this.#engine = undefined
    })
    return this.#engine
  }

  async #start(): Promise<Engine> {
    await this.#main.start()
    await afterPoll()
    const planning: Planning = {
      connectionInfo: this.#connectionInfo(),
      compile: (text, compile) => this.#compile(JSON.parse(text) as Request, compile),
      compileBatch: (text, compileBatch) => {
        throw new PlannedBatch(compileBatch(text) as BatchResponse)
      },
      queryRaw: ({ sql }) => Promise.reject(this.#failures.get(Number(sql))),
    }
    const engine = planningEngine(this.#main, planning)
    await engine.start()
    return engine
  }

  #compile(request: Request, compile: (text: string) => unknown): unknown {
    const given = request.query.arguments?.[GIVEN]
    if (typeof given === 'number') return this.#given.get(given)
    const names = apart(request)
    const id = this.#next()
    const plan = compile(JSON.stringify(request)) as PlanNode
    this.#compiled.set(id, { request, plan })
    // Without a type, so that they are returned unchanged.
    const values = names.map((name) => ({ prisma__type: 'param', prisma__value: { name, type: '' } }))
    return { type: 'value', args: [id, ...values] }
  }
}

/** Thrown through the engine, which would execute it. Not an Error, so that the engine passes it on unchanged. */
class PlannedBatch {
  readonly response: BatchResponse

  constructor(response: BatchResponse) {
    this.response = response
  }
}

interface Answer {
  readonly data: Readonly<Record<string, unknown>>
}

type Request = EngineRequest['protocolQuery']

const MARK = '\0leaf '
const GIVEN = '\0given'

/**
 * Gives each place a separate name, and returns the previous names: Prisma gives equal values of one call the same
 * name. It does so for upserts; a read means the same either way.
 */
function apart(request: Request): string[] {
  const before: string[] = []
  const visit = (value: unknown): void => {
    if (isPlaceholder(value)) {
      before.push(value.value.name)
      Object.assign(value.value, { name: `%${before.length}` })
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit)
  }
  visit(request.query)
  return before
}

/**
 * Compares the call in Prisma's protocol, with a mark in the place of each value, to the call in which Prisma has put
 * names into the places of those that are not part of the plan.
 */
function located(
  marked: unknown,
  request: Request,
  values: readonly unknown[],
  leaves: readonly Leaf[],
  enums: ReadonlySet<unknown>,
): Omit<Plan, 'root'> {
  const names: (string | undefined)[] = leaves.map(() => undefined)
  const carriers: Carrier[] = leaves.map(() => 'plain')
  const words = new Map<string, unknown>()
  let found = 0
  const visit = (mark: unknown, at: unknown, path: readonly string[]): void => {
    if (typeof mark === 'string' && mark.startsWith(MARK)) {
      const index = Number(mark.slice(MARK.length))
      if (!isPlaceholder(at)) assertStructural(path, at, enums)
      else {
        const { name, type, inner } = at.value
        const given = values[Number(name.slice(1)) - 1]
        found += 1
        // Only Prisma knows whether a text is an enum value, and which.
        if (type === 'Enum' || inner?.type === 'Enum') words.set(name, given)
        else {
          names[index] = name
          carriers[index] = carrierOf(leaves[index] as Leaf, given)
        }
      }
    } else if (typeof mark === 'object' && mark !== null && typeof at === 'object' && at !== null) {
      for (const [name, item] of Object.entries(mark)) {
        const there = (at as Readonly<Record<string, unknown>>)[name]
        if (there !== undefined) visit(item, there, [...path, name])
      }
    }
  }
  visit(marked, request.query, [])
  if (found !== values.length) throw new NotCompiled('a value in an unexpected place')
  return { names, carriers, words }
}

/** The conversion that turns a leaf into Prisma's value. */
function carrierOf(leaf: Leaf, given: unknown): Carrier {
  if (isSame(carried(leaf), given)) return 'plain'
  if (typeof leaf !== 'bigint' && given === JSON.stringify(leaf)) return 'json'
  throw new NotCompiled('a value that Prisma changes')
}

const isSame = (one: unknown, other: unknown): boolean =>
  Array.isArray(one)
    ? Array.isArray(other) && one.length === other.length && one.every((item, index) => isSame(item, other[index]))
    : one === other

/** All names in the enums of a schema: read from its text, which the client contains. */
function wordsOf({ _engineConfig: { inlineSchema } }: ClientInternals): ReadonlySet<unknown> {
  const known = words.get(inlineSchema)
  if (known) return known
  const bodies = [...inlineSchema.matchAll(/^enum \w+ \{\n(.*?)^\}/gms)].map(([, body = '']) => body)
  const found = new Set(bodies.flatMap((body) => [...body.matchAll(/^\s*(\w+)/gm)].map(([, word]) => word)))
  words.set(inlineSchema, found)
  return found
}

/** By the texts of schemas, of which a process has one or two. */
const words = new Map<string, ReadonlySet<unknown>>()

/** Names at or below which a value controls how to read, and not what to search for. */
const STRUCTURAL: ReadonlySet<string> = new Set([
  ...['take', 'skip', 'orderBy', 'distinct', 'by', 'mode', 'isEmpty', 'isSet', 'path'],
])

/** Values searched for are not kept in a plan, which lives longer than the call. */
function assertStructural(path: readonly string[], value: unknown, enums: ReadonlySet<unknown>): void {
  const isWord = Array.isArray(value) ? value.every((item) => enums.has(item)) : enums.has(value)
  if (typeof value !== 'boolean' && !isWord && !path.some((name) => STRUCTURAL.has(name)))
    throw new NotCompiled('a value that is part of the plan')
}

function isPlaceholder(value: unknown): value is Placeholder {
  return typeof value === 'object' && value !== null && '$type' in value && value.$type === 'Param'
}
