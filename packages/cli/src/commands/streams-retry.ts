import { changeDeadLetters } from './change-dead.js'

export const streamsRetry = changeDeadLetters({
  of: 'streams',
  name: 'retry',
  purpose:
    'Gives records that a consumer could not handle to it once more, as soon as it runs. Ends with 2 when there is none such.',
  done: 'wait for their consumer, which tries them within seconds where it runs',
  work: async (service, ids) => (await import('@miyabi/db')).retryStreamDeadLetters(service, ids),
})
