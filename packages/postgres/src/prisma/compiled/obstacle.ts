import { PLANS_READ_IN } from '../../internals/prisma.js'
import { Prisma } from '../../schema/prisma.js'

/**
 * Returns why no read can be compiled in this process; undefined if reads can be.
 * @param version of the generated client; Prisma's runtime must have the same version.
 */
export function obstacleTo(version: string, runtime: string = Prisma.prismaVersion.client): string | undefined {
  if (version !== PLANS_READ_IN || runtime !== PLANS_READ_IN)
    return `the plans of Prisma ${runtime} are not known, only those of ${PLANS_READ_IN}`
  try {
    new Function('')
    return undefined
  } catch {
    return 'this process allows no generated code'
  }
}
