import * as loaded from './loaded.js'

/**
 * Returns the part that loads Prisma's runtime and the driver. In `dist`, `load.cjs` replaces this module: it loads
 * that part with the first call.
 */
export const load = (): typeof loaded => loaded
