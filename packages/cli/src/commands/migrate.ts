import { commandGroup } from '../terminal/command.js'

export const migrate = commandGroup('migrate', 'Migrations: made, checked, undone.', {
  new: async () => (await import('./migrate-new.js')).newCommand,
  down: async () => (await import('./migrate-down.js')).downCommand,
  verify: async () => (await import('./migrate-verify.js')).verifyCommand,
  lint: async () => (await import('./migrate-lint.js')).lintCommand,
  drift: async () => (await import('./migrate-drift.js')).driftCommand,
  status: async () => (await import('./migrate-status.js')).migrateStatus,
  rollback: async () => (await import('./migrate-rollback.js')).rollbackCommand,
})
