import { adviseForServer, parsePostgresSettings } from '@miyabi/postgres'
import type { CheckGroup } from './group.js'

export const poolGroup: CheckGroup = {
  name: 'pool',
  looksFor: 'pools that together need more connections than the server has',
  async run({ env }, signal) {
    const settings = parsePostgresSettings(env)
    if (settings.pooler !== 'none') return [] // its own default_pool_size counts
    const { sum: problem, remedy } = await adviseForServer(settings, { signal })
    return remedy === undefined ? [] : [{ check: 'pool.too_large', object: 'DB_MAX_CONNECTIONS', problem, remedy }]
  },
}
