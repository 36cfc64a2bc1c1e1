import { applyTopics } from '@miyabi/migrate'
import { withTopics } from '../environment/with-topics.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'
import { renderTopicChanges, topicOptions } from './outbox-topics-render.js'

export const applyOutboxTopics = command({
  name: 'outbox topics apply',
  purpose: 'Opens to people the effects that the application opens to them, and closes all others.',
  options: topicOptions,
  examples: [
    ['miyabi outbox topics apply --effects ./dist/effects.js', 'as the owner of the tables, before a release'],
  ],
  run({ args }) {
    return withTopics(args.effects, async (options) => {
      const changes = await applyTopics(options)
      print(
        args.json ? JSON.stringify({ changes }, undefined, 2) : renderTopicChanges(changes, 'nothing had to be done'),
      )
      return exitCode.clean
    })
  },
})
