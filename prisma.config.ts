import { prismaConfig } from '@miyabi/migrate'

/** What every `prisma` command works on. The database's URL and the schema engine come from `@miyabi/migrate`. */
export default prismaConfig({
  root: import.meta.dirname,
  env: process.env,
  args: process.argv.slice(2),
  config: {
    schema: 'prisma/schema',
    migrations: { path: 'prisma/migrations', seed: 'node --import tsx prisma/seed/main.ts' },
  },
})
