import { changeDeadLetters } from './change-dead.js'

export const outboxDiscard = changeDeadLetters({
  of: 'outbox',
  name: 'discard',
  done: 'deleted',
  more: 'docs/OUTBOX.md',
  work: async (service, ids) => (await import('@miyabi/db')).discardDeadLetters(service, ids),
})
