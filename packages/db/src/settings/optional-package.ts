import Module from 'node:module'

/**
 * Loads a package that only those applications install that need it. No bundler includes it: it must be installed where
 * the bundle runs. In a CommonJS bundle of esbuild there is no `import.meta.url`, but `__filename`.
 * @throws what `require` throws.
 */
export const requireOptional = (name: string): unknown => Module.createRequire(import.meta.url ?? __filename)(name)
