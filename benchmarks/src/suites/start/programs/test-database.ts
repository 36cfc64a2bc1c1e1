import { readSync } from 'node:fs'
import { createTestDatabase } from '@miyabi/testing'

// Waits for the signal to start, so that the database is timed without Node and its imports.
process.stdout.write('ready\n')
readSync(0, Buffer.alloc(1))
const isAwake = setInterval(() => {}, 1000) // the administrator's connection does not keep a process alive
const database = await createTestDatabase()
process.stdout.write('there\n')
await database.drop() // queued after the one that is made ahead, which exists when this ends
clearInterval(isAwake)
