/**
 * Settings of a connection that looks at catalogs, in milliseconds. The server waits for locks to describe views and
 * indexes, and somebody who holds one is no reason to hang.
 */
export const PATIENCE = { lock_timeout: 5000, statement_timeout: 60_000 } as const
