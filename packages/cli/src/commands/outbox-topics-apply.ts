import { applyTopics } from '@miyabi/migrate'
import { withTopics } from '../environment/with-topics.js'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'
import { renderTopicChanges, topicOptions } from './outbox-topics-render.js'

export const applyOutboxTopics = command({
  details: "Needs the login of the tables' owner (DIRECT_DATABASE_URL).",
  options: topicOptions,
  json: 'one object',
  examples: [['miyabi outbox topics apply --effects ./dist/effects.js', 'Runs before a release.']],
  more: 'docs/OUTBOX.md',
  busy: 'applying the topics',
  run({ args }) {
    return withTopics(args.effects, async (options) => {
      const changes = await applyTopics(options)
      return { code: exitCode.clean, json: { changes }, text: renderTopicChanges(changes, 'nothing to do') }
    })
  },
})
