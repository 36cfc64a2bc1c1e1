// Loads the part of this package that needs Prisma's runtime and the driver: when that is first needed, and without
// waiting. An import would load it with the package, and import() needs a caller who waits. Bundlers follow both lines.
exports.load = () => require('#loaded')
