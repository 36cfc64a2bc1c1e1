// What CommonJS gets: the ES module itself, by require().
module.exports = require('./dist/on-demand.js')
