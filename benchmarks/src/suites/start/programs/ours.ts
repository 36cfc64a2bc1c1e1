import { createPostgres, parsePostgresSettings } from '@miyabi/postgres'
import { answer, databaseUrl, firstQuery } from './program.js'

const { prisma, close } = createPostgres(parsePostgresSettings({ DATABASE_URL: databaseUrl() }))
answer((await prisma.plugin.findUnique({ where: { id: firstQuery.id } }))?.id)
await close()
