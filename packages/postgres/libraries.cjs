// The libraries of the code in dist/, by require(). Imported as an ES module, Prisma's runtime costs twice as much: Node
// then reads its 200 kB a second time, to find the names that it exports; the others come with a file more each.
exports.adapter = require('@prisma/adapter-pg')
exports.pg = require('pg')
exports.runtime = require('@prisma/client/runtime/client')
