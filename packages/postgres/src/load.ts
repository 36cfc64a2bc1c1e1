import * as loaded from './loaded.js'

/**
 * Returns the part that loads Prisma's runtime and the driver. In `dist` this module is replaced by `load.cjs`, which
 * loads it with the first call.
 */
export const load = (): typeof loaded => loaded
