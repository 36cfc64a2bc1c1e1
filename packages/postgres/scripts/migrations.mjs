// Writes the names and checksums of the migrations into a module, so that a running application knows what it was built
// for without needing the folder. Part of the build; the result is ignored by git.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const folder = path.resolve(import.meta.dirname, '../../../prisma/migrations')
const target = path.resolve(import.meta.dirname, '../src/schema/migrations.generated.ts')

const rows = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()
  .map((name) => {
    // Prisma's own checksum: of the script byte for byte.
    const checksum = createHash('sha256')
      .update(readFileSync(path.join(folder, name, 'migration.sql')))
      .digest('hex')
    return `  { name: '${name}', checksum: '${checksum}' },\n`
  })

const text = `// Written by the build from prisma/migrations.

/** The migrations that this build was made with, oldest first. */
export const migrations = [
${rows.join('')}] as const
`
writeFileSync(target, text)
