import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'

/**
 * Adds what `.env` in `folder` says to `env`, keeping what is set there already (also to a blank, which turns an entry
 * of the file off). Prisma 7 reads no `.env` by itself. No such file: nothing to add.
 */
export function loadEnvFile(folder: string, env: Record<string, string | undefined>): void {
  let text: string
  try {
    text = readFileSync(path.join(folder, '.env'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  for (const [name, value] of Object.entries(parseEnv(text))) env[name] ??= value
}
