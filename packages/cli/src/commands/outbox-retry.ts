import { changeDeadLetters } from './change-dead.js'

export const outboxRetry = changeDeadLetters({
  of: 'outbox',
  name: 'retry',
  done: 'queued again',
  more: 'docs/OUTBOX.md',
  work: async (service, ids) => (await import('@miyabi/db')).retryDeadLetters(service, ids),
})
