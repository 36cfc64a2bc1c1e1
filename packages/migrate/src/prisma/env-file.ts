import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'

/**
 * Adds the entries of `.env` in `folder` to `env`, keeping what is set there already (including a blank, which disables
 * an entry of the file). Prisma 7 does not read `.env` itself. Without such a file, nothing is added.
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
