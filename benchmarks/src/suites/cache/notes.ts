/** What the libraries promise: the ratios alone would compare unlike with like. */
export const cacheNotes = `All three have a memory of their own over one redis-server, and are set up as their own pages do it: BentoCache with a bus and a tag for each
entry, cacheable without either, since its \`getOrSet\` takes no tags. The load is the same query by pg. Beyond that they promise:

| | ours | BentoCache | cacheable |
| --- | --- | --- | --- |
| what a caller gets | a copy, with its dates, bigints, decimals and bytes | parsed JSON: a date is a text | a copy from memory; from Redis parsed JSON |
| whose entry | the identity is in the key | the application's to say | the application's to say |
| an entry that was loaded while its tag was raised | is not served | may be served for its whole time | may be served for its whole time |
| what lies in Redis | signed, under names that tell nothing | as it is | as it is |
| who invalidates | the database, by triggers, or a transaction that commits | the application, after the commit | the application, after the commit |`
