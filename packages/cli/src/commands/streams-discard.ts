import { changeDeadLetters } from './change-dead.js'

export const streamsDiscard = changeDeadLetters({
  of: 'streams',
  name: 'discard',
  done: 'deleted',
  more: 'docs/STREAMS.md',
  work: async (service, ids) => (await import('@miyabi/db')).discardStreamDeadLetters(service, ids),
})
