import { usePeople } from '../identity/people.js'
import { onEachServer } from '../identity/servers.js'
import { mergedReads } from './suites/merged-reads.js'
import { readableValues } from './suites/readable-values.js'
import { refusedNumbers } from './suites/refused-numbers.js'
import { upserts } from './suites/upserts.js'

/**
 * That what is asked and what is stored comes out as it is, on the server of the run and the oldest one, in one
 * database each.
 */
onEachServer((open) => {
  const bench = usePeople(open)
  mergedReads(bench)
  refusedNumbers(bench)
  upserts(bench)
  readableValues(bench) // last: it takes checks away
})
