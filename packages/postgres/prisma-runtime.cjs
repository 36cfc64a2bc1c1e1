// Prisma's runtime, for the generated client in dist/. Imported as an ES module it costs twice as much: Node then reads
// its 200 kB a second time, to find the names that it exports.
exports.runtime = require('@prisma/client/runtime/client')
