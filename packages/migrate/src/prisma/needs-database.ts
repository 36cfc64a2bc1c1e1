/** Sub-commands that connect to the database of the configuration, whatever their options. */
const CONNECTING = new Set([
  'db execute',
  'db pull',
  'db push',
  'db seed',
  'migrate deploy',
  'migrate dev',
  'migrate reset',
  'migrate resolve',
  'migrate status',
  'studio',
])

/** What makes `migrate diff` connect: the database itself, or a shadow database to replay migrations in. */
const DIFF_SOURCES = ['--from-config-datasource', '--to-config-datasource', '--from-migrations', '--to-migrations']

/**
 * Whether a Prisma command, given as the arguments after `prisma`, connects to the configured database. Commands that
 * only read files (`generate`, `validate`, `format`, help) and those with their own `--url` do not.
 */
export function needsDatabase(args: readonly string[]): boolean {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  const has = (...options: readonly string[]): boolean =>
    own.some((arg) => options.some((option) => arg === option || arg.startsWith(`${option}=`)))
  if (has('--help', '-h', '--url')) return false
  const command = prismaCommand(own)
  if (command === 'generate') return has('--sql')
  if (command === 'migrate diff') return has(...DIFF_SOURCES)
  return CONNECTING.has(command)
}

/** The name of the command in `args`, such as `generate` or `migrate deploy`; blank when there is none. */
export function prismaCommand(args: readonly string[]): string {
  const [group = '', command = ''] = args
  if (group.startsWith('-')) return ''
  return (group === 'db' || group === 'migrate') && !command.startsWith('-') ? `${group} ${command}`.trim() : group
}
