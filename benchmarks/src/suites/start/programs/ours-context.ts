import { DatabaseContext } from '@miyabi/db'
import { answer, firstQuery } from './program.js'

const db = await DatabaseContext.fromEnv()
answer((await db.pg.plugin.findUnique({ where: { id: firstQuery.id } }))?.id)
await db.close()
