import { PrismaPg } from '@prisma/adapter-pg'
import { answer, databaseUrl, firstQuery } from './program.js'

// Compiled by scripts/stock-client.mjs.
const generated = new URL('../../../stock-client/client.js', import.meta.url)
const { PrismaClient } = (await import(generated.href)) as Pick<typeof import('@miyabi/postgres'), 'PrismaClient'>

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl() }) })
answer((await prisma.plugin.findUnique({ where: { id: firstQuery.id } }))?.id)
await prisma.$disconnect()
