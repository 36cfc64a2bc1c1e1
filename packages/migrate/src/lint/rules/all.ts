import type { MigrationRule } from '../rule.js'
import { droppedColumnInUse } from './dropped-column-in-use.js'
import { missingTimeouts } from './missing-timeouts.js'
import { notAlone } from './not-alone.js'
import { unboundedWrite } from './unbounded-write.js'

/** Every rule of ours about what a migration does. */
export const migrationRules: readonly MigrationRule[] = [missingTimeouts, notAlone, unboundedWrite, droppedColumnInUse]
