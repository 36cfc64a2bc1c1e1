import { APPLICATION_URLS, applicationUrlsOf } from '@miyabi/core'
import { commandEnvironment, stackUnlessSet } from '../environment/environment.js'
import { sayPostgres } from '../environment/server-name.js'
import { exitCode } from '../terminal/exit-code.js'
import { say } from '../terminal/output.js'
import { command } from '../usage/command.js'

export const pool = command({
  json: 'one object',
  examples: [
    ['miyabi pool', 'Uses DB_INSTANCES and DB_MAX_CONNECTIONS of this environment.'],
    ['DB_INSTANCES=8 DB_MAX_CONNECTIONS=50 miyabi pool', 'Checks values before you set them.'],
  ],
  findings: 'The pools do not fit',
  more: 'docs/DATABASE_SETUP_GUIDE.md',
  busy: 'reading the limits of the server',
  async run() {
    const { adviseForServer, parsePostgresSettings, resolvePostgresSettings } = await import('@miyabi/postgres')
    const environment = commandEnvironment()
    await using stack = await stackUnlessSet(environment, APPLICATION_URLS)
    // Calculated as in the application: the service's pool is included.
    const found = stack && applicationUrlsOf(stack.descriptor, environment.env)
    const settings = resolvePostgresSettings(parsePostgresSettings({ ...environment.env, ...found }))
    const { host, port } = settings.target
    sayPostgres({ host, port }, stack)
    if (settings.pooler !== 'none') {
      say('Behind a pooler, its default_pool_size applies per database and login; this is the sum without it.')
    }
    const advice = await adviseForServer(settings)
    return { code: advice.fits ? exitCode.clean : exitCode.findings, json: advice, text: advice.advice }
  },
})
