import { changeDeadLetters } from './change-dead.js'

export const streamsDiscard = changeDeadLetters({
  of: 'streams',
  name: 'discard',
  purpose: 'Deletes records that a consumer could not handle, for good. Ends with 2 when there is none such.',
  done: 'deleted',
  work: async (service, ids) => (await import('@miyabi/db')).discardStreamDeadLetters(service, ids),
})
