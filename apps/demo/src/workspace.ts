import path from 'node:path'

/** The root of the workspace: its `.env`, and the command that `pnpm prisma` and `pnpm db:*` run. */
export const root = path.resolve(import.meta.dirname, '../../..')
export const miyabi = path.join(root, 'packages/cli/bin/miyabi.mjs')
