import { DatabaseContext } from '@miyabi/db'
import { answer, firstQuery, userId } from './program.js'

const db = await DatabaseContext.fromEnv()
answer((await db.as({ userId: userId() }).pg.plugin.findUnique({ where: { id: firstQuery.id } }))?.id)
await db.close()
