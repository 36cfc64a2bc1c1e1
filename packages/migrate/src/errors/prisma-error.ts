import { MiyabiError } from '@miyabi/core'

/** Facts that the CLI may use besides the message, named as the native engine names them. */
export type PrismaErrorMeta = Readonly<Record<string, unknown>>

/**
 * An error the Prisma CLI shows to its user, as the native engine would have reported it. `details.prismaCode` is
 * Prisma's own code (https://www.prisma.io/docs/orm/reference/error-reference); undefined if Prisma has none.
 */
export class PrismaError extends MiyabiError<
  'migrate.engine',
  { readonly prismaCode: string | undefined; readonly meta: PrismaErrorMeta }
> {
  override readonly name = 'PrismaError'

  constructor(prismaCode: string | undefined, message: string, meta: PrismaErrorMeta = {}) {
    super('migrate.engine', message, { details: { prismaCode, meta } })
  }
}
