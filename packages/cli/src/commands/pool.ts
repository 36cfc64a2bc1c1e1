import { APPLICATION_URLS, applicationUrlsOf } from '@miyabi/core'
import { commandEnvironment, stackUnlessSet } from '../environment/environment.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, say } from '../terminal/output.js'

export const pool = command({
  name: 'pool',
  purpose:
    'Tells whether the connection pools of all instances fit into the PostgreSQL server. Ends with 2 when they do not.',
  options: { json: { type: 'boolean', description: 'Print one JSON object.' } },
  examples: [
    ['pnpm db:pool', 'for DB_INSTANCES and DB_MAX_CONNECTIONS of this environment'],
    ['DB_INSTANCES=8 DB_MAX_CONNECTIONS=50 pnpm db:pool', 'before they are set'],
  ],
  async run({ args }) {
    const { adviseForServer, parsePostgresSettings, resolvePostgresSettings } = await import('@miyabi/postgres')
    const environment = commandEnvironment()
    await using stack = await stackUnlessSet(environment, APPLICATION_URLS)
    // As the application finds it: the service's pool counts too.
    const found = stack && applicationUrlsOf(stack.descriptor, environment.env)
    const settings = resolvePostgresSettings(parsePostgresSettings({ ...environment.env, ...found }))
    const { host, port } = settings.target
    say(found ? "the embedded stack's PostgreSQL" : `PostgreSQL: ${host}:${port}`)
    if (settings.pooler !== 'none') {
      say('Behind a pooler its own default_pool_size counts, for each database and login; this is the sum without it.')
    }
    const advice = await adviseForServer(settings)
    print(args.json ? JSON.stringify(advice, undefined, 2) : advice.advice)
    return advice.fits ? exitCode.clean : exitCode.findings
  },
})
