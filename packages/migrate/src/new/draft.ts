import type { Statement } from '../sql/parse.js'

/** A statement as it is written into a file: Prisma's, or one of ours. */
export type Piece = Pick<Statement, 'text' | 'comments'>

/** A migration that is to be written. */
export interface Draft {
  /** What follows the time stamp in its name. */
  readonly title: string
  /** The first line of its files. */
  readonly purpose: string
  readonly up: readonly Piece[]
  readonly down: readonly Piece[]
  /** One statement that cannot run in a transaction. */
  readonly isSingle?: boolean
  /** What its files destroy, as a header names it. */
  readonly loses?: { readonly up: readonly string[]; readonly down: readonly string[] }
  /** What was left out, and what is to be done by hand. */
  readonly notes?: { readonly up: readonly string[]; readonly down: readonly string[] }
  /** What is to be written by hand before the files are whole. */
  readonly byHand?: readonly string[]
}

/** A statement of ours. */
export const piece = (text: string, ...comments: readonly string[]): Piece => ({
  text,
  comments: comments.map((comment) => ({ text: comment, line: 0 })),
})
