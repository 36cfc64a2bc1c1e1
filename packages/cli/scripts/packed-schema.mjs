// Puts the schema and its migrations beside the command, for those who have the package alone. Part of the build.
import { cpSync, rmSync } from 'node:fs'
import path from 'node:path'

const from = path.resolve(import.meta.dirname, '../../../prisma')
const to = path.resolve(import.meta.dirname, '../dist/prisma')

rmSync(to, { recursive: true, force: true })
for (const name of ['schema', 'migrations']) cpSync(path.join(from, name), path.join(to, name), { recursive: true })
