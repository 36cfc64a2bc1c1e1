import { createPostgres, parsePostgresSettings } from '@miyabi/postgres'
import { answer, databaseUrl, firstQuery, userId } from './program.js'

const postgres = createPostgres(parsePostgresSettings({ DATABASE_URL: databaseUrl() }))
answer((await postgres.as({ userId: userId() }).prisma.plugin.findUnique({ where: { id: firstQuery.id } }))?.id)
await postgres.close()
