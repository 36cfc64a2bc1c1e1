import { commandGroup } from '../terminal/command.js'

export const outbox = commandGroup('outbox', 'What committed transactions have left to be carried out.', {
  topics: async () => (await import('./outbox-topics.js')).outboxTopics,
})
