import type { MessageWakes } from '@miyabi/dynamo'
import type { Listener } from './listener.js'

/** The channel for notifications of new messages. */
const CHANNEL = 'miyabi_messages'

/** Carries notifications of DynamoDB messages between processes, over PostgreSQL. */
export function messageWakes(listener: Listener): MessageWakes {
  return {
    get isHearing() {
      return listener.isHearing(CHANNEL)
    },
    tell: (mark) => listener.tell(CHANNEL, mark),
    listen: (heard) =>
      listener.listen(CHANNEL, { heard: (mark) => heard(mark === '' ? undefined : mark), changed: () => heard() }),
  }
}
