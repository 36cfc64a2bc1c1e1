import { commandGroup } from '../terminal/command.js'

const PURPOSE = 'Which effects people may cause.'

export const outboxTopics = {
  ...commandGroup('outbox topics', PURPOSE, {
    plan: async () => (await import('./outbox-topics-plan.js')).planOutboxTopics,
    apply: async () => (await import('./outbox-topics-apply.js')).applyOutboxTopics,
  }),
  purpose: PURPOSE,
}
