import { prismaConfig } from '@miyabi/migrate'

/**
 * The configuration of Prisma's commands outside the workspace: the schema and the migrations that are packed next to
 * this file. `.env` and the embedded stack are those of the project in whose folder `miyabi prisma` runs.
 */
export default prismaConfig({
  root: process.cwd(),
  env: process.env,
  args: process.argv.slice(2),
  config: { schema: 'prisma/schema', migrations: { path: 'prisma/migrations' } },
})
