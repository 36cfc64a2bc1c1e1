// Loads the part of this package that needs Prisma's runtime and the driver: when that is first needed, and without
// waiting. An import would load it with the package, and import() needs a caller who waits. Where an ES module cannot be
// required (Node with --no-experimental-require-module, most bundlers), package.json has dist/load.js instead, which
// imports it.
let loaded
exports.load = () => {
  loaded ??= require('#loaded')
  return loaded
}
