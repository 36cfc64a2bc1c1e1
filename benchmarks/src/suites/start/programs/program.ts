/** The row that each program reads: any row of the seeded database. */
export const firstQuery = {
  text: "SELECT id, display_name FROM plugins WHERE id = 'plugin-1'",
  id: 'plugin-1',
} as const

/** The URL of the database, set by the parent process. */
export function databaseUrl(): string {
  const url = process.env['DATABASE_URL']
  if (url === undefined)
    throw new Error('DATABASE_URL is not set: start these programs through `pnpm bench --suite start`')
  return url
}

/** A user who may see the row, for programs that query with an identity. */
export function userId(): string {
  return process.env['USER_ID'] ?? ''
}

/** Reports to the parent that the first row has arrived. */
export function answer(id: string | undefined): void {
  if (id !== firstQuery.id) throw new Error('the row is not there')
  process.stdout.write('first row\n')
}
