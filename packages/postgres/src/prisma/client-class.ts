import type { PrismaClient } from '../schema/prisma.js'

/** What every generated client has, whatever its schema. */
export interface AnyClient {
  $connect(): Promise<void>
  $disconnect(): Promise<void>
}

/** The class of a client that `prisma generate` made for PostgreSQL, of this schema or another. */
export type ClientClass<Client extends AnyClient = PrismaClient> = abstract new (...options: never[]) => Client
