import { commandGroup } from '../terminal/command.js'

export const outbox = commandGroup('outbox', 'What committed transactions have left to be carried out.', {
  status: async () => (await import('./outbox-status.js')).outboxStatus,
  dead: async () => (await import('./outbox-dead.js')).outboxDead,
  retry: async () => (await import('./outbox-retry.js')).outboxRetry,
  discard: async () => (await import('./outbox-discard.js')).outboxDiscard,
  topics: async () => (await import('./outbox-topics.js')).outboxTopics,
})
