import { commandGroup } from '../terminal/command.js'

export const streams = commandGroup('streams', 'What the consumers of streams could not handle.', {
  dead: async () => (await import('./streams-dead.js')).streamsDead,
  retry: async () => (await import('./streams-retry.js')).streamsRetry,
  discard: async () => (await import('./streams-discard.js')).streamsDiscard,
})
