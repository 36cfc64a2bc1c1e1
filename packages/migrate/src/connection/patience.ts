/**
 * Settings of a connection that reads catalogs, in milliseconds. The server waits for locks to describe views and
 * indexes, and a held lock must not make it hang.
 */
export const PATIENCE = { lock_timeout: 5000, statement_timeout: 60_000 } as const
