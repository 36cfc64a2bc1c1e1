/** The guarantees of the libraries, without which the ratios would not be comparable. */
export const cacheNotes = `Each has its own memory over one redis-server, and is set up as its documentation shows: BentoCache with a bus and a tag for each
entry, cacheable without either, because its \`getOrSet\` accepts no tags. The load is the same query with pg. Their guarantees:

| | ours | BentoCache | cacheable |
| --- | --- | --- | --- |
| the value that a caller gets | a copy, with its dates, bigints, decimals and bytes | parsed JSON: a date is a text | a copy from memory; from Redis parsed JSON |
| separation of users | the identity is in the key | up to the application | up to the application |
| an entry that was loaded while its tag was raised | is not served | may be served until it expires | may be served until it expires |
| entries in Redis | signed, with keys that reveal nothing | in plain form | in plain form |
| invalidation by | the database, by triggers, or a transaction that commits | the application, after the commit | the application, after the commit |`
