/** Every kind of thing that the dump tells apart, in the order in which a report lists them. */
export const CATALOG_KINDS = [
  'schema',
  'extension',
  'type',
  'table',
  'sequence',
  'column',
  'constraint',
  'index',
  'statistics',
  'view',
  'row-level security',
  'policy',
  'function',
  'trigger',
  'rule',
  'event trigger',
  'grant',
  'default privilege',
  'comment',
] as const

export type CatalogKind = (typeof CATALOG_KINDS)[number]

/** One thing of a database, as the server itself describes it. */
export interface CatalogEntry {
  readonly kind: CatalogKind
  /** Unique among its kind: `public.users.email`, `users_read_own on public.users`. */
  readonly name: string
  /** All that matters about it; whole SQL where the server gives that. Blank for what merely exists. */
  readonly definition: string
  /**
   * The table, view, function, type, sequence or schema that it goes with, as that is named; absent for what stands by
   * itself.
   */
  readonly on?: string
}
