// @ts-ignore: `module: node16` does not know that Node can require an ES module.
export * from './dist/on-demand.js'
