import type { Statement } from '../sql/parse.js'

/** `-- @ignore rule, other-rule: the reason`, in front of a statement or inside it. */
export interface Exception {
  readonly line: number
  readonly rules: readonly string[]
  /** Blank if none is given. */
  readonly reason: string
}

/** The exceptions that the comments of a statement request. */
export function exceptionsOf({ comments }: Statement): Exception[] {
  return comments.flatMap(({ text, line }) => {
    const [, list, reason = ''] = /^@ignore\s+([^:]*)(?::(.*))?$/s.exec(text) ?? []
    if (list === undefined) return []
    return { line, rules: list.split(/[\s,]+/).filter(Boolean), reason: reason.trim() }
  })
}
