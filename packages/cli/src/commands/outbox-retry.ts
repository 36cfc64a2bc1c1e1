import { changeDeadLetters } from './change-dead.js'

export const outboxRetry = changeDeadLetters({
  of: 'outbox',
  name: 'retry',
  purpose:
    'Gives dead letters another chance, behind what waits under their keys. Ends with 2 when there is none such.',
  done: 'wait again',
  work: async (service, ids) => (await import('@miyabi/db')).retryDeadLetters(service, ids),
})
