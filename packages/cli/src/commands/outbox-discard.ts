import { changeDeadLetters } from './change-dead.js'

export const outboxDiscard = changeDeadLetters({
  of: 'outbox',
  name: 'discard',
  purpose: 'Deletes dead letters for good. Ends with 2 when there is none such.',
  done: 'deleted',
  work: async (service, ids) => (await import('@miyabi/db')).discardDeadLetters(service, ids),
})
