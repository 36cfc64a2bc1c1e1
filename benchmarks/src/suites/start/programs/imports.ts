import { readSync } from 'node:fs'

// Waits for the signal, so that the measurement starts with the imports and not with Node. Reading it loads nothing.
const specifiers = (process.env['IMPORTS'] ?? '').split(' ')
process.stdout.write('ready\n')
readSync(0, Buffer.alloc(1))
await Promise.all(specifiers.map((specifier) => import(specifier)))
process.stdout.write('imported\n')
