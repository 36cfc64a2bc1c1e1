import { changeDeadLetters } from './change-dead.js'

export const streamsRetry = changeDeadLetters({
  of: 'streams',
  name: 'retry',
  done: 'queued for their consumer, which retries them within seconds while it runs',
  more: 'docs/STREAMS.md',
  work: async (service, ids) => (await import('@miyabi/db')).retryStreamDeadLetters(service, ids),
})
