/** Every kind of object that the dump distinguishes, in the order in which a report lists them. */
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

/** One object of a database, as the server itself describes it. */
export interface CatalogEntry {
  readonly kind: CatalogKind
  /** Unique among its kind: `public.users.email`, `users_read_own on public.users`. */
  readonly name: string
  /** Everything relevant about it; complete SQL if the server returns that. Blank if only its existence matters. */
  readonly definition: string
  /**
   * The table, view, function, type, sequence or schema that it belongs to, under its name; absent for an independent
   * object.
   */
  readonly on?: string
}
