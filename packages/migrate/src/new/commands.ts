import type { AlterTableCmd, RangeVar } from '@pgsql/types'
import { relationName } from '../sql/names.js'
import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'

/** One clause of an `ALTER TABLE`, as it was written. */
export interface Clause {
  readonly text: string
  readonly command: AlterTableCmd
}

/** An `ALTER TABLE` taken apart. */
export interface Alter {
  /** As `schema.name`. */
  readonly table: string
  /** `ALTER TABLE "notes"`. */
  readonly head: string
  readonly clauses: readonly Clause[]
}

/** Splits an `ALTER TABLE`, as Prisma writes it, one clause per line; undefined for anything else. */
export function alterOf({ node, text }: Statement): Alter | undefined {
  const alter = asKind(node, 'AlterTableStmt')
  const [head] = /^ALTER TABLE (?:"(?:[^"]|"")+"\.)?"(?:[^"]|"")+"/.exec(text) ?? []
  if (!alter || head === undefined) return undefined
  const texts = text
    .slice(head.length)
    .trim()
    .split(/,\n(?=(?:ADD|DROP|ALTER|RENAME) )/)
  const commands = (alter.cmds ?? []).flatMap((each) => asKind(each, 'AlterTableCmd') ?? [])
  if (texts.length !== commands.length) return undefined
  return {
    table: relationName(alter.relation as RangeVar),
    head,
    clauses: commands.map((command, index) => ({ command, text: texts[index] ?? '' })),
  }
}

/** Joins clauses again; undefined if none is left. */
export const alterText = (head: string, clauses: readonly Clause[]): string | undefined =>
  clauses.length === 0 ? undefined : `${head} ${clauses.map(({ text }) => text).join(',\n')}`
