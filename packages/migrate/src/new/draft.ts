import type { Statement } from '../sql/parse.js'

/** A statement as it is written into a file: Prisma's, or one of ours. */
export type Piece = Pick<Statement, 'text' | 'comments'>

/** A migration to be written. */
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
  /** What was omitted, and what has to be done manually. */
  readonly notes?: { readonly up: readonly string[]; readonly down: readonly string[] }
  /** What has to be written manually before the files are complete. */
  readonly byHand?: readonly string[]
}

/** A statement of ours. */
export const piece = (text: string, ...comments: readonly string[]): Piece => ({
  text,
  comments: comments.map((comment) => ({ text: comment, line: 0 })),
})
