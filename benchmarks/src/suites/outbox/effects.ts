import { defineEffects, effect, type NewEvent, type OutboxRun, type OutboxWork } from '@miyabi/db'
import { newEvent } from '../dynamo/model.js'

/** What is written where nobody needs to know the id before. */
export function webhook(turn: number): NewEvent {
  const { eventType, userId, data } = newEvent(turn)
  return { eventType, userId, data }
}

/** What an application has to do after a commit, by its own code. */
export interface Job {
  readonly turn: number
  readonly event: NewEvent
  /** Jobs of one key are done in order. */
  readonly key?: string
}

/** So many of them, under keys where they are named. */
export const jobsFrom = (turn: number, count: number, keyOf?: (index: number) => string): Job[] =>
  Array.from({ length: count }, (_, index) => ({
    turn: turn + index,
    event: webhook(turn + index),
    ...(keyOf && { key: keyOf(index) }),
  }))

export const effects = defineEffects({ job: effect<Job>() })

type Tx = Parameters<OutboxWork<void, object>>[0]

/** The work of every transaction: one row is changed. */
export async function rename(tx: Tx, id: string, turn: number): Promise<void> {
  await tx.user.update({ where: { id }, data: { name: `name ${turn}` }, select: { id: true } })
}

/** So many events that are to be appended, under keys where they are named. */
export function appendAll(
  { outbox }: Pick<OutboxRun<object>, 'outbox'>,
  count: number,
  turn: number,
  keyOf?: (index: number) => string,
): void {
  for (let index = 0; index < count; index += 1)
    outbox.events.append(webhook(turn + index), keyOf ? { key: keyOf(index) } : {})
}
