import {
  type DynamoFault,
  type DynamoProxy,
  type DynamoRequest,
  dynamodbEndpoint,
  startDynamoProxy,
} from '@miyabi/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentStateEffect } from '../src/agent-state/effect.js'
import type { NewAgentState } from '../src/agent-state/state.js'
import type { AgentStatus } from '../src/agent-state/statuses.js'
import type { Dynamo } from '../src/dynamo.js'
import { rejection, sharedDynamo, testClock } from './support.js'

const LONG = process.env['MIYABI_TEST_LONG'] === '1'
const clock = testClock(Date.now())

let decide: (request: DynamoRequest) => DynamoFault = () => 'pass'
let proxy: DynamoProxy
beforeAll(async () => {
  proxy = await startDynamoProxy(dynamodbEndpoint(), (request) => decide(request))
})
afterAll(() => proxy.close())

const before: Readonly<Record<AgentStatus, readonly (AgentStatus | undefined)[]>> = {
  pending: [undefined, 'pending'],
  running: [undefined, 'pending', 'running'],
  completed: ['running'],
  failed: ['running'],
}

/** One thing that is done to the agent. */
type Step =
  | { readonly kind: 'save'; readonly status: AgentStatus; readonly isStale: boolean; readonly hasId: boolean }
  | { readonly kind: 'effect'; readonly status: AgentStatus; readonly position: number; readonly atOffset: number }
  /** One of those before comes again. */
  | { readonly kind: 'again'; readonly which: number }

/**
 * When, if at all, the process dies that does it first: at which of its requests, and whether that one still arrives.
 */
type Death = { readonly at: number; readonly arrives: boolean } | undefined

const status = fc.constantFrom<AgentStatus>('pending', 'running', 'running', 'completed', 'failed')
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('save' as const), status, isStale: fc.boolean(), hasId: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('effect' as const),
      status,
      position: fc.integer({ min: 0, max: 12 }),
      atOffset: fc.integer({ min: -15, max: 15 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), which: fc.nat() }) },
)
const death = fc.option(fc.record({ at: fc.integer({ min: 1, max: 7 }), arrives: fc.boolean() }), {
  nil: undefined,
  freq: 2,
})
const story = fc.array(fc.tuple(step, death, fc.integer({ min: 0, max: 10 })), { minLength: 6, maxLength: 14 })

type Call =
  | { readonly kind: 'save'; readonly state: NewAgentState }
  | { readonly kind: 'effect'; readonly effect: AgentStateEffect }

/** The rules, and nothing else. */
class Model {
  current: { version: number; status: AgentStatus; savedAt: number; position?: bigint } | undefined
  readonly #answers = new Map<string, unknown>()
  saved = 0

  answer(call: Call): unknown {
    const { id } = call.kind === 'save' ? call.state : call.effect
    const known = id === undefined ? undefined : this.#answers.get(id)
    if (known) return known
    const answer = call.kind === 'save' ? this.#save(call.state) : this.#effect(call.effect)
    if (id !== undefined && !('code' in answer)) this.#answers.set(id, answer)
    return answer
  }

  #save({ status, expectedVersion }: NewAgentState): { code: string } | { version: number } {
    if (expectedVersion === 0 && !before[status].includes(undefined)) return illegal
    if (expectedVersion !== (this.current?.version ?? 0)) return { code: 'dynamo.agent_state.stale' }
    return this.#apply(status) ?? illegal
  }

  #effect({ status, position, at }: AgentStateEffect): { code: string } | { outcome: string; version: number } {
    const { current } = this
    const stands =
      current && (current.position === undefined ? current.savedAt > at.getTime() : current.position >= position)
    if (current && stands) return { outcome: 'superseded', version: current.version }
    const applied = this.#apply(status, position)
    return applied ? { outcome: 'applied', ...applied } : illegal
  }

  #apply(status: AgentStatus, position?: bigint): { version: number } | undefined {
    if (!before[status].includes(this.current?.status)) return undefined
    const version = Math.max((this.current?.version ?? 0) + 1, clock.ms)
    this.current = { version, status, savedAt: clock.ms, ...(position === undefined ? {} : { position }) }
    this.saved += 1
    return { version }
  }
}
const illegal = { code: 'dynamo.agent_state.illegal_transition' }

async function make(dynamo: Dynamo, call: Call): Promise<object> {
  try {
    if (call.kind === 'effect') return await dynamo.agentState.saveEffect(call.effect)
    const { version } = await dynamo.agentState.save(call.state)
    return { version }
  } catch (error) {
    const { code } = error as { code?: string }
    if (!code?.startsWith('dynamo.agent_state')) throw error
    return { code }
  }
}

/** Makes a call in a process that dies at one of its requests. */
async function makeAndDie(dying: Dynamo, call: Call, { at, arrives }: NonNullable<Death>): Promise<void> {
  let n = 0
  decide = () => {
    n += 1
    if (n < at) return 'pass'
    return n === at && arrives ? 'lose-answer' : 'reset'
  }
  await make(dying, call).catch(() => {})
  decide = () => 'pass'
}

let agents = 0

describe.each([
  ['by transactions', true],
  ['in steps', false],
])('agent states and effects %s', (name, transactions) => {
  let processes: readonly Dynamo[] = []
  let dying: Dynamo
  beforeAll(async () => {
    processes = await Promise.all([1, 2].map(() => sharedDynamo({ transactions }, { now: clock })))
    dying = await sharedDynamo({ transactions, endpoint: proxy.endpoint, maxAttempts: 1 }, { now: clock })
  })
  afterAll(async () => {
    for (const dynamo of [...processes, dying]) await dynamo.close()
  })

  it('are what the rules make of them, whoever dies on the way and whatever comes again', {
    timeout: 600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        const agentId = `${name} ${++agents}`
        const model = new Model()
        const calls: Call[] = []
        for (const [i, [one, dies, passes]] of steps.entries()) {
          clock.ms += passes
          const call = toCall(one, { agentId, i, calls, model })
          if (call === undefined) continue
          calls.push(call)
          const expected = model.answer(call)
          // What has no id is known again by its own process alone.
          const hasId = call.kind === 'effect' || call.state.id !== undefined
          if (dies && hasId) await makeAndDie(dying, call, dies)
          const [first, second] = i % 2 === 0 ? processes : [...processes].reverse()
          if (!first || !second) throw new Error('there are two')
          expect(await make(first, call), JSON.stringify([i, one])).toEqual(expected)
          if (hasId) expect(await make(second, call)).toEqual(expected)
          const current = await second.agentState.current(agentId)
          expect(current && [current.version, current.status, current.effect?.position]).toEqual(
            model.current && [model.current.version, model.current.status, model.current.position],
          )
        }
        const { items } = await (processes[0] as Dynamo).agentState.history(agentId, { limit: 100 })
        expect(items).toHaveLength(model.saved)
      }),
      { numRuns: LONG ? 400 : 5 },
    )
  })

  it('that are no longer wanted leave no trace but a receipt; a direct save that expected the one before is stale', async () => {
    const [dynamo] = processes as [Dynamo, Dynamo]
    const agentId = `direct ${name}`
    const effect = (position: bigint, offset: number) => ({
      id: `effect ${position}`,
      agentId,
      status: 'running' as const,
      position,
      at: new Date(clock.ms + offset),
    })
    const begun = await dynamo.agentState.save({ agentId, status: 'running', progress: 1, expectedVersion: 0 })
    expect(await dynamo.agentState.saveEffect(effect(7n, -1))).toEqual({
      outcome: 'superseded',
      version: begun.version,
    })
    expect(await dynamo.agentState.current(agentId)).toEqual(begun)
    const { version } = await dynamo.agentState.saveEffect(effect(8n, 0))
    expect(version).toBeGreaterThan(begun.version)
    const late = dynamo.agentState.save({ agentId, status: 'completed', expectedVersion: begun.version })
    expect(await rejection(late)).toMatchObject({
      code: 'dynamo.agent_state.stale',
      details: { currentVersion: version },
    })
    expect(await dynamo.agentState.saveEffect(effect(7n, 50))).toEqual({
      outcome: 'superseded',
      version: begun.version,
    })
    expect((await dynamo.agentState.current(agentId))?.effect).toEqual({ position: 8n, at: new Date(clock.ms) })
  })

  it('are refused before anything is sent where their place or time cannot be', async () => {
    const [dynamo] = processes as [Dynamo, Dynamo]
    const good: AgentStateEffect = { id: 'i', agentId: 'refused', status: 'running', position: 1n, at: new Date() }
    const wrong = [
      { position: 1 },
      { position: -1n },
      { position: 2n ** 63n },
      { at: 5 },
      { id: '' },
      { id: 'x'.repeat(600) },
    ]
    for (const change of wrong) {
      const given = { ...good, ...change } as unknown as AgentStateEffect
      expect(await rejection(dynamo.agentState.saveEffect(given))).toMatchObject({
        code: 'dynamo.invalid_input',
        details: { argument: Object.keys(change)[0] },
      })
    }
  })
})

interface Past {
  readonly agentId: string
  readonly i: number
  readonly calls: readonly Call[]
  readonly model: Model
}

/** The call that a step is, as things stand. */
function toCall(one: Step, { agentId, i, calls, model }: Past): Call | undefined {
  if (one.kind === 'again') {
    const known = calls.filter((call) => call.kind === 'effect' || call.state.id !== undefined)
    return known[one.which % Math.max(1, known.length)]
  }
  if (one.kind === 'effect') {
    const { status, position, atOffset } = one
    // Positions are unique, as those of an outbox are.
    const place = BigInt(position) * 100n + BigInt(i)
    return {
      kind: 'effect',
      effect: { id: `e${i}`, agentId, status, position: place, at: new Date(clock.ms + atOffset) },
    }
  }
  const version = model.current?.version ?? 0
  const expectedVersion = one.isStale && version > 0 ? version - 1 : version
  const id = one.hasId ? { id: `s${i}` } : {}
  return { kind: 'save', state: { agentId, status: one.status, expectedVersion, ...id } }
}
