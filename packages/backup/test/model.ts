import { type AttributeValue, type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { createIdSource, type Dynamo, type DynamoSettings, tableDefinitions } from '@miyabi/dynamo'
import { type Item, parseItemLine } from '../src/format/item-line.js'
import type { Manifest } from '../src/format/manifest.js'
import type { OpenedBackup } from '../src/format/open-backup.js'
import { writer } from './support.js'

/** What is known of one write, by the real time, in milliseconds since 1970. */
interface Known {
  /** When the first attempt began. */
  beganAt: number
  /** When it was first known to be stored; never, where no answer came. */
  storedAt: number
}

/** What random writers have done to DynamoDB, told by themselves. */
export class Model {
  readonly events = new Map<string, Known>()
  /** By agent and version. */
  readonly states = new Map<string, Map<number, Known>>()
  /** The newest version that anybody knows of. */
  readonly versions = new Map<string, number>()
  #isOver = false
  #running: Promise<void>[] = []

  /** @param random at least 0, below 1. */
  constructor(
    readonly settings: DynamoSettings,
    readonly skewMs: number,
    readonly random: () => number,
  ) {}

  /** Writers whose clocks differ, also in how they write an agent's state. */
  start(count: number): void {
    this.#running = Array.from({ length: count }, async (_, index) => {
      const skewMs = Math.round(((2 * index) / (count - 1) - 1) * this.skewMs)
      await using dynamo = writer(this.settings, skewMs)
      await using other = writer({ ...this.settings, transactions: false }, skewMs)
      await this.#write(dynamo, other, skewMs)
    })
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#running)
  }

  async #write(dynamo: Dynamo, other: Dynamo, skewMs: number): Promise<void> {
    const ids = createIdSource(() => Date.now() + skewMs)
    const pick = (n: number): number => Math.floor(this.random() * n)
    await using batches = dynamo.events.writer()
    const day = 24 * 60 * 60_000
    while (!this.#isOver) {
      const eventType = `type${pick(3)}`
      const occurredAt = new Date(Date.now() - pick(2) * 80 * day + pick(2) * 0.9 * day)
      const shared = {
        eventType,
        occurredAt: new Date(1000 * Math.floor(Date.now() / 1000)),
        idempotencyKey: `k${pick(9)}`,
      }
      const made = ids.next()
      await [
        () => this.#event(dynamo.events.append({ eventType })),
        () => this.#event(dynamo.events.append({ eventType, occurredAt, userId: 'u' })),
        () => this.#event(dynamo.events.append(shared)),
        () => this.#event(dynamo.events.append({ eventType, id: made })),
        () => this.#event(dynamo.events.append({ eventType, id: made, writtenAt: new Date() })),
        () => this.#event(batches.append({ eventType, occurredAt })),
        () => this.#events(dynamo.events.appendMany([{ eventType }, { eventType, occurredAt }, shared])),
        () => this.#save(dynamo, 'agent1'),
        () => this.#save(dynamo, 'agent2'),
        () => this.#save(other, 'agent3'),
        () =>
          dynamo.messages.enqueue({ recipient: `r${pick(3)}`, messageType: 'ping' }).then(
            () => {},
            () => {},
          ),
      ][pick(11)]?.()
    }
  }

  #event(append: Promise<{ readonly id: string }>): Promise<void> {
    return this.#events(append.then(({ id }) => ({ ids: [id] })))
  }

  async #events(append: Promise<{ readonly ids: readonly string[] }>): Promise<void> {
    const beganAt = Date.now()
    const ids = await append.then((answer) => answer.ids).catch(() => [])
    const storedAt = Date.now()
    for (const id of ids) {
      const known = this.events.get(id)
      this.events.set(id, {
        beganAt: Math.min(beganAt, known?.beganAt ?? beganAt),
        storedAt: Math.min(storedAt, known?.storedAt ?? storedAt),
      })
    }
  }

  async #save(dynamo: Dynamo, agentId: string): Promise<void> {
    const expectedVersion = this.versions.get(agentId) ?? 0
    const status = expectedVersion === 0 ? 'pending' : 'running'
    const beganAt = Date.now()
    const id = `${beganAt}-${this.random()}`
    try {
      const { version } = await dynamo.agentState.save({ agentId, expectedVersion, status, id, stateData: { id } })
      this.versions.set(agentId, Math.max(version, this.versions.get(agentId) ?? 0))
      const states = this.states.get(agentId) ?? new Map<number, Known>()
      this.states.set(agentId, states.set(version, { beganAt, storedAt: Date.now() }))
    } catch {
      const current = await dynamo.agentState.current(agentId).catch(() => undefined)
      if (current) this.versions.set(agentId, current.version)
    }
  }

  /**
   * What is wrong with items that are said to be those of a cut, as far as the writers know: whatever was stored before
   * the snapshot is there, whatever began after the cut and the skew is not, and an agent has all versions until its
   * current one.
   */
  faults(items: readonly Item[], { snapshotAt, dynamodbUntil }: Manifest['cut']): string[] {
    const snapshotMs = Date.parse(snapshotAt)
    const laterMs = dynamodbUntil + this.skewMs
    const faults: string[] = []
    const found = new Set(of(items, 'ev').map(({ i }) => i?.S ?? ''))
    for (const [id, { beganAt, storedAt }] of this.events) {
      if (storedAt < snapshotMs && !found.has(id)) faults.push(`event ${id} of before the snapshot is not there`)
      if (beganAt > laterMs && found.has(id)) faults.push(`event ${id} of after the cut is there`)
    }
    for (const [agent, states] of this.states) faults.push(...agentFaults(items, agent, states, snapshotMs, laterMs))
    return faults
  }
}

function agentFaults(
  items: readonly Item[],
  agent: string,
  states: ReadonlyMap<number, Known>,
  snapshotMs: number,
  laterMs: number,
): string[] {
  const own = (entity: string): Item[] => of(items, entity).filter(({ agentId }) => agentId?.S === agent)
  const [current, ...more] = own('agent')
  if (more.length > 0) return [`${agent} has several current states`]
  const version = Number(current?.['version']?.N ?? 0)
  const versions = new Set(own('agentVersion').map((item) => Number(item['version']?.N)))
  const receipts = new Set(own('agentSave').map((item) => Number(item['version']?.N)))
  const faults: string[] = []
  for (const [known, { beganAt, storedAt }] of states) {
    if (storedAt < snapshotMs && known > version)
      faults.push(`${agent}: version ${known} is not there, but ${version} is`)
    if (beganAt > laterMs && known <= version) faults.push(`${agent}: version ${known} of after the cut is there`)
    if (known <= version !== versions.has(known))
      faults.push(`${agent}: version ${known}, at ${version}: ${versions.has(known)}`)
    if (known <= version !== receipts.has(known))
      faults.push(`${agent}: receipt ${known}, at ${version}: ${receipts.has(known)}`)
  }
  return faults
}

export const of = (items: readonly Item[], entity: string): Item[] =>
  items.filter((item) => item['__edb_e__']?.S === entity)

/** Every item of the tables, as they are now, read by the client of the SDK alone. */
export async function allItems(client: DynamoDBClient, prefix: string): Promise<Item[]> {
  const items: Item[] = []
  for (const { name } of tableDefinitions) {
    for await (const page of paginateScan({ client }, { TableName: prefix + name, ConsistentRead: true })) {
      items.push(...((page.Items ?? []) as Record<string, AttributeValue>[]))
    }
  }
  return items
}

/** Every item of a backup. */
export async function itemsOf({ manifest, read }: OpenedBackup): Promise<Item[]> {
  const lines: string[] = []
  for (const { files } of manifest.dynamodb.tables) {
    for (const name of files) lines.push(...(await linesOf({ manifest, read }, name)))
  }
  return lines.map(parseItemLine)
}

/** The lines of a file of a backup. */
export async function linesOf({ manifest, read }: OpenedBackup, name: string): Promise<string[]> {
  const file = manifest.files.find((entry) => entry.name === name)
  if (!file) throw new Error(`the manifest has no ${name}`)
  const parts: Buffer[] = []
  for await (const part of read(file)) parts.push(part)
  return Buffer.concat(parts).toString().split('\n').slice(0, -1)
}
