import { commandGroup } from '../terminal/command.js'

export const backup = commandGroup('backup', 'Backups of both stores at one cut.', {
  create: async () => (await import('./backup-create.js')).backupCreate,
  list: async () => (await import('./backup-list.js')).backupList,
  verify: async () => (await import('./backup-verify.js')).backupVerify,
  restore: async () => (await import('./backup-restore.js')).restoreCommand,
  resume: async () => (await import('./backup-resume.js')).resumeCommand,
  drill: async () => (await import('./backup-drill.js')).drillCommand,
  prune: async () => (await import('./backup-prune.js')).backupPrune,
})
