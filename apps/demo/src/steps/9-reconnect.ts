import { type DatabaseContext, type MessageLease, MessageLeaseLostError, RecipientLeasedError } from '@miyabi/db'
import { say, table } from '../terminal/print.js'

const RECIPIENT = 'the browser of the demo'

/** A connection breaks in the middle of its messages, and the recipient returns on another one. */
export async function reconnect(db: DatabaseContext): Promise<void> {
  const { messages } = db.dynamodb
  // Including what an interrupted demo has left here.
  const first = await messages.lease(RECIPIENT, { connectionId: 'connection 1', takeOver: true })
  for (const n of [1, 2, 3, 4, 5]) await enqueue(db, n)
  const before = await deliver(db, first, 2)
  const refused = await refusal(RecipientLeasedError, messages.lease(RECIPIENT, { connectionId: 'connection 2' }))
  const second = await messages.lease(RECIPIENT, { connectionId: 'connection 2', takeOver: true })
  await enqueue(db, 6)
  const lost = await refusal(MessageLeaseLostError, first.receive())
  const after = await deliver(db, second, Number.POSITIVE_INFINITY)
  await second.release()

  table(
    ['reader', 'got', 'acknowledged'],
    [
      ['connection 1', before.got, before.acknowledged],
      ['connection 2, while 1 reads', refused.code, ''],
      ['connection 1, after 2 took over', lost.code, ''],
      ['connection 2', after.got, after.acknowledged],
    ],
  )
  const { items: left } = await messages.undelivered(RECIPIENT)
  const { expired } = await messages.queue(RECIPIENT)
  say(`left: ${left.length}; expired undelivered: ${expired}`)
}

async function enqueue({ dynamodb: { messages } }: DatabaseContext, n: number): Promise<void> {
  await messages.enqueue({ recipient: RECIPIENT, messageType: 'notification', payload: { n } })
}

/** Sends the available messages, and acknowledges what arrived before the connection broke. */
async function deliver(
  db: DatabaseContext,
  lease: MessageLease,
  arrive: number,
): Promise<{ readonly got: string; readonly acknowledged: number }> {
  const { messages } = await lease.receive()
  const arrived = messages.slice(0, arrive)
  for (const { messageId } of arrived) await db.dynamodb.messages.acknowledge(lease.recipient, messageId)
  return { got: messages.map(({ payload }) => payload['n']).join(' '), acknowledged: arrived.length }
}

/** The error of a call. */
async function refusal<E extends Error>(
  kind: abstract new (...parameters: never[]) => E,
  call: Promise<unknown>,
): Promise<E> {
  try {
    await call
  } catch (error) {
    if (error instanceof kind) return error
    throw error
  }
  throw new Error(`expected ${kind.name}`)
}
