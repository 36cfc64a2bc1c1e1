/**
 * Something in a compiled call that only Prisma can handle: the whole call is repeated by Prisma, which is safe for a
 * read.
 */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
}
