import type { Draft, Piece } from './draft.js'

/** How long a statement waits for a lock, with all others waiting behind it. */
const LOCK_TIMEOUT = '5s'
const STATEMENT_TIMEOUT = '1min'

/** A single statement outside a transaction that blocks no reader and no writer may take its time. */
const SINGLE_LIMITS = 'lock_timeout=1h statement_timeout=2h'

const BY_HAND =
  '-- Write here what the Prisma schema cannot express: checks, policies, triggers, functions, partial indexes, comments, data.'

/** The contents of a draft's file. */
export interface Script {
  readonly statements: readonly Piece[]
  /** Notes about it, as comments at its end. */
  readonly notes: readonly string[]
}

/** A migration's two files. */
export function renderDraft({ title, purpose, up, down, isSingle, loses, notes }: Draft): { up: string; down: string } {
  const [only] = up
  const back = { statements: down, notes: notes?.down ?? [] }
  return {
    up:
      isSingle && only
        ? renderSingle(purpose, `${only.text};`)
        : renderScript(purpose, loses?.up ?? [], { statements: up, notes: notes?.up ?? [] }),
    down: renderScript(`Undoes ${title}.`, loses?.down ?? [], back),
  }
}

/** A script of several statements: its purpose, what it destroys, its limits, what Prisma wrote, and room for more. */
export function renderScript(purpose: string, loses: readonly string[], { statements, notes }: Script): string {
  const blocks = [
    [`-- ${purpose}`, ...(loses.length > 0 ? ['--', `-- @loses ${[...new Set(loses)].join(' ')}`] : [])].join('\n'),
    [`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}';`, `SET LOCAL statement_timeout = '${STATEMENT_TIMEOUT}';`].join('\n'),
    ...statements.map(renderStatement),
    [BY_HAND, ...notes.map((note) => `-- ${note}`)].join('\n'),
  ]
  return `${blocks.join('\n\n')}\n`
}

/** A script of one statement that PostgreSQL refuses inside a transaction. */
export function renderSingle(purpose: string, statement: string): string {
  return `-- @limits ${SINGLE_LIMITS}
-- ${purpose}
-- Only this one statement, not even SET: PostgreSQL would run a second one in the same transaction, which this statement refuses.
-- The line above gives its timeouts to the connection.
${statement}
`
}

/** A script that only has comments has no statement. */
function renderStatement({ text, comments }: Piece): string {
  return [...comments.map((comment) => `-- ${comment.text}`), ...(text === '' ? [] : [`${text};`])].join('\n')
}
