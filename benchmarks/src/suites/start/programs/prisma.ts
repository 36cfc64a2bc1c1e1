import { PrismaPg } from '@prisma/adapter-pg'
import { answer, databaseUrl, firstQuery } from './program.js'

// The generated client by itself, as an application without our package would import its own.
const generated = new URL('./schema/generated/client.js', import.meta.resolve('@miyabi/postgres'))
const { PrismaClient } = (await import(generated.href)) as Pick<typeof import('@miyabi/postgres'), 'PrismaClient'>

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl() }) })
answer((await prisma.plugin.findUnique({ where: { id: firstQuery.id } }))?.id)
await prisma.$disconnect()
