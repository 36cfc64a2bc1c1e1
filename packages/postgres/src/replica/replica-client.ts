import type { PrismaClient } from '../schema/prisma.js'

/** The read-only methods of a model. */
type ReadMethod =
  | 'findUnique'
  | 'findUniqueOrThrow'
  | 'findFirst'
  | 'findFirstOrThrow'
  | 'findMany'
  | 'count'
  | 'aggregate'
  | 'groupBy'

type Model = { readonly findMany: unknown }

/** A Prisma client without write access: no writing methods of models, no transactions, no `$executeRaw`. */
export type ReplicaClient<Client = PrismaClient> = {
  readonly [Name in keyof Client as Client[Name] extends Model ? Name : never]: Pick<
    Client[Name],
    Extract<keyof Client[Name], ReadMethod>
  >
} & Pick<Client, Extract<keyof Client, '$queryRaw' | '$queryRawUnsafe'>>
