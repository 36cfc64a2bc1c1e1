import { Supervisor } from './supervisor.js'

/**
 * The program of the supervisor process: `node main.cjs <folder> [--temporary] [--amcheck]`, started detached by the
 * first acquirer. It loads only Node's own modules, so that it starts as quickly as Node itself; the PostgreSQL driver
 * is loaded with the first standby.
 */
const [folder, ...flags] = process.argv.slice(2)
if (!folder) throw new Error('the stack folder is missing')

void new Supervisor({ folder, temporary: flags.includes('--temporary'), amcheck: flags.includes('--amcheck') }).run()
