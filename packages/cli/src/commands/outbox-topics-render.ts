import type { TopicChange } from '@miyabi/migrate'
import { inColumns } from '../terminal/output.js'

/** What both commands take. */
export const topicOptions = {
  effects: { type: 'string', description: 'A module whose `effects` are those of defineEffects. Default: none.' },
  json: { type: 'boolean', description: 'Print one JSON object.' },
} as const

const named = (kinds: readonly string[]): string => (kinds.length === 0 ? 'the service alone' : kinds.join(', '))

/** A line for each topic. */
export function renderTopicChanges(changes: readonly TopicChange[], none: string): string {
  if (changes.length === 0) return none
  return inColumns(changes.map(({ topic, from, to }) => [topic, `${named(from)} -> ${named(to)}`] as const))
}
