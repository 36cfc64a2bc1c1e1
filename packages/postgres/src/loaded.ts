/** The part of the package that needs Prisma's runtime and the driver. */
export { adviseForServer } from './health/advise.js'
export { checkHealth } from './health/health.js'
export { readServerLimits } from './health/server-limits.js'
export { openLine } from './pool/line.js'
export { createPool, getPoolStats, Pool } from './pool/pool.js'
export { createPostgres } from './postgres.js'
export { ownClient, useReadCache } from './prisma/read-cache.js'
export { Prisma, PrismaClient } from './schema/prisma.js'
