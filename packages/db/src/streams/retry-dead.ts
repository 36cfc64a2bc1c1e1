import { keepDead, removeDead, takeAsked } from './dead-records.js'
import { type Delivery, handleOne } from './deliver.js'
import { told } from './poison.js'
import type { StreamSource } from './source.js'

/** The outcome of retried dead letters, once it is committed. */
export interface Retried {
  /** Handled, and no longer dead letters. */
  readonly revived: number
  readonly passedOver: number
  /** Still dead letters. */
  readonly dead: number
}

interface Retry<T> extends Pick<Delivery<T>, 'db' | 'handle' | 'deadlineMs' | 'signal'> {
  readonly consumer: string
  readonly source: Pick<StreamSource<T>, 'parse'>
  /** The most that a transaction takes. */
  readonly batch: number
}

/**
 * Passes a consumer some of the dead letters whose retry was requested. Removing one is committed with its effect: the
 * row is its checkpoint.
 *
 * @returns undefined if there are none, or another process is doing it.
 * @throws a failure that prevents the database from doing it now: then the request stays.
 */
export function retryDead<T>({ db, source, handle, consumer, batch, deadlineMs, signal }: Retry<T>) {
  return db.transaction<Retried | undefined>(
    async (tx, run) => {
      const asked = await takeAsked(run.query, consumer, batch)
      if (asked.length === 0) return undefined
      let [revived, passedOver, dead] = [0, 0, 0]
      for (const { id, text } of asked) {
        const record = await source.parse(text)
        const handled = await handleOne(handle, { record, changes: record.change ? [record.change] : [] }, tx, run)
        if ('poison' in handled) {
          await keepDead(run.query, id, told(handled.poison))
          dead += 1
        } else {
          await removeDead(run.query, id)
          passedOver += handled.passedOver
          revived += 1
        }
      }
      return { revived, passedOver, dead }
    },
    { deadlineMs, signal },
  )
}
