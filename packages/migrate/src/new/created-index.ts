import { type Draft, piece } from './draft.js'

/** The name of an index as part of a migration's. */
export const titleOf = (index: string): string => index.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')

/** An index that is created while its table is in use. */
export const created = (index: string, up: string, down: string): Draft => ({
  title: titleOf(index),
  purpose: `The index ${index}.`,
  up: [piece(up.replace(/^CREATE (UNIQUE )?INDEX/i, 'CREATE $1INDEX CONCURRENTLY'))],
  down: [piece(down)],
  isSingle: true,
})
