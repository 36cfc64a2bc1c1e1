import { planTopics } from '@miyabi/migrate'
import { withTopics } from '../environment/with-topics.js'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'
import { renderTopicChanges, topicOptions } from './outbox-topics-render.js'

export const planOutboxTopics = command({
  options: topicOptions,
  json: 'one object',
  examples: [['miyabi outbox topics plan --effects ./dist/effects.js', 'Runs before a deployment.']],
  findings: 'There are changes to apply',
  more: 'docs/OUTBOX.md',
  busy: 'comparing the topics',
  run({ args }) {
    return withTopics(args.effects, async (options) => {
      const changes = await planTopics(options)
      const code = changes.length > 0 ? exitCode.findings : exitCode.clean
      return { code, json: { changes }, text: renderTopicChanges(changes, 'nothing to do') }
    })
  },
})
