import { prismaConfig } from '@miyabi/migrate'

/**
 * What Prisma's commands work on outside of the workspace: the schema and the migrations that are packed beside this
 * file. `.env` and the embedded stack are the project's, in whose folder `miyabi prisma` runs them.
 */
export default prismaConfig({
  root: process.cwd(),
  env: process.env,
  args: process.argv.slice(2),
  config: { schema: 'prisma/schema', migrations: { path: 'prisma/migrations' } },
})
