import type { TopicChange } from '@miyabi/migrate'
import { resultWidth } from '../terminal/output.js'
import { definitions } from '../terminal/table.js'
import * as value from '../usage/values.js'

/** The options of both commands. */
export const topicOptions = {
  effects: {
    type: value.text('FILE'),
    description:
      'A module that exports `effects` as defineEffects returns them. Default: an application without effects.',
  },
} as const

const named = (kinds: readonly string[]): string => (kinds.length === 0 ? 'the service only' : kinds.join(', '))

/** One line for each topic. */
export function renderTopicChanges(changes: readonly TopicChange[], none: string): string {
  if (changes.length === 0) return none
  const lines = changes.map(({ topic, from, to }) => [topic, `${named(from)} -> ${named(to)}`] as const)
  return definitions(lines, resultWidth())
}
