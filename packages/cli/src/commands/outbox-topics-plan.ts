import { planTopics } from '@miyabi/migrate'
import { withTopics } from '../environment/with-topics.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'
import { renderTopicChanges, topicOptions } from './outbox-topics-render.js'

export const planOutboxTopics = command({
  name: 'outbox topics plan',
  purpose: 'Tells what `outbox topics apply` would do. Changes nothing. Ends with 2 when there is something to do.',
  options: topicOptions,
  examples: [['miyabi outbox topics plan --effects ./dist/effects.js', 'before a deployment']],
  run({ args }) {
    return withTopics(args.effects, async (options) => {
      const changes = await planTopics(options)
      print(args.json ? JSON.stringify({ changes }, undefined, 2) : renderTopicChanges(changes, 'nothing to do'))
      return changes.length > 0 ? exitCode.findings : exitCode.clean
    })
  },
})
