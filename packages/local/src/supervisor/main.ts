import { Supervisor } from './supervisor.js'

/**
 * The program of the supervisor process: `node main.js <folder> [--temporary] [--amcheck]`, started detached by the
 * first acquirer. It loads nothing but Node's own modules, so that it is up in the time Node itself takes; the driver
 * of PostgreSQL with the first standby that it makes.
 */
const [folder, ...flags] = process.argv.slice(2)
if (!folder) throw new Error('the stack folder is missing')

await new Supervisor({ folder, temporary: flags.includes('--temporary'), amcheck: flags.includes('--amcheck') }).run()
