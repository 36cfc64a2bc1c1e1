/**
 * Something that a compiled call met and that is Prisma's to deal with: the call is made anew, all of it, Prisma's way.
 * A read may be.
 */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
}
