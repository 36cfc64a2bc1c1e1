import { commandGroup } from '../command.js'
import { downCommand } from './migrate-down.js'
import { driftCommand } from './migrate-drift.js'
import { lintCommand } from './migrate-lint.js'
import { newCommand } from './migrate-new.js'
import { rollbackCommand } from './migrate-rollback.js'
import { migrateStatus } from './migrate-status.js'
import { verifyCommand } from './migrate-verify.js'

export const migrate = commandGroup('migrate', 'Migrations: made, checked, undone.', {
  new: newCommand,
  down: downCommand,
  verify: verifyCommand,
  lint: lintCommand,
  drift: driftCommand,
  status: migrateStatus,
  rollback: rollbackCommand,
})
