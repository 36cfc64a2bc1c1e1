import { sleep } from '@miyabi/core'
import type { Dynamo } from '../src/dynamo.js'
import { MessageLeaseLostError, RecipientLeasedError } from '../src/messages/errors.js'
import type { Message } from '../src/messages/message.js'

/** Who sends how much to whom. */
export interface Exchange {
  readonly recipients: number
  readonly sendersEach: number
  readonly messagesEach: number
  /**
   * What a reader does after a delivery: `die` leaves without a word, `fly` before it has even looked at what it got.
   */
  readonly fate: () => 'go on' | 'die' | 'fly' | 'leave'
}

/** What a recipient got from one sender: the numbers of its messages, each when it came the first time. */
export type Got = ReadonlyMap<string, readonly number[]>

/**
 * Senders enqueue one message after another, each again until it is known to be stored. Readers come and go under new
 * connection ids, by taking over or by waiting for the lease to end, until nothing is left.
 *
 * @returns what came, for each recipient and sender.
 */
export async function exchange(dynamo: Dynamo, options: Exchange): Promise<Got> {
  const got = new Map<string, number[]>()
  const recipients = Array.from({ length: options.recipients }, (_, r) => `r${r}`)
  await Promise.all(
    recipients.map(async (recipient) => {
      const senders = Array.from({ length: options.sendersEach }, (_, s) => `${recipient}/s${s}`)
      let isSending = true
      const sending = Promise.all(
        senders.map((sender) => send(dynamo, recipient, sender, options.messagesEach)),
      ).finally(() => {
        isSending = false
      })
      const reading = read(
        dynamo,
        recipient,
        options,
        () => isSending,
        (message) => note(got, message),
      )
      await Promise.all([sending, reading])
    }),
  )
  return got
}

function note(got: Map<string, number[]>, { payload }: Message): void {
  const { sender, n } = payload as { sender: string; n: number }
  const numbers = got.get(sender) ?? []
  if (!numbers.includes(n)) numbers.push(n)
  got.set(sender, numbers)
}

async function send(dynamo: Dynamo, recipient: string, sender: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await persist(() => dynamo.messages.enqueue({ recipient, messageType: 'execution_update', payload: { sender, n } }))
  }
}

async function read(
  dynamo: Dynamo,
  recipient: string,
  { fate }: Exchange,
  isSending: () => boolean,
  take: (message: Message) => void,
): Promise<void> {
  for (let connection = 1; ; connection++) {
    const isLast = !isSending()
    const lease = await persist(async () => {
      try {
        return await dynamo.messages.lease(recipient, {
          connectionId: `c${connection}`,
          takeOver: connection % 2 === 0,
        })
      } catch (error) {
        if (error instanceof RecipientLeasedError) await sleep(20)
        throw error
      }
    })
    let isEmpty = false
    let next: ReturnType<Exchange['fate']> = 'go on'
    while (next === 'go on' && !isEmpty) {
      const received = await persist(() => lease.receive({ limit: 20 })).catch((error: unknown) => {
        if (error instanceof MessageLeaseLostError) return undefined
        throw error
      })
      if (received === undefined) break
      const { messages } = received
      isEmpty = messages.length === 0
      if (isEmpty) break
      next = fate()
      if (next === 'fly') break
      for (const message of messages) take(message)
      const acknowledged = next === 'die' ? messages.filter((_, i) => i % 3 !== 1) : messages
      await Promise.all(
        acknowledged.map(({ messageId }) => persist(() => dynamo.messages.acknowledge(recipient, messageId))),
      )
    }
    if (next === 'leave' || isEmpty) await persist(() => lease.release())
    if (isEmpty && isLast) return
    if (isEmpty) await sleep(10)
  }
}

/** Again and again, as long as it may pass. */
async function persist<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error as { readonly retryable?: boolean }).retryable) throw error
      await sleep(5)
    }
  }
}
