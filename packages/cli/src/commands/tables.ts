import { commandGroup } from '../terminal/command.js'

export const tables = commandGroup('tables', 'The DynamoDB tables.', {
  status: async () => (await import('./tables-status.js')).tablesStatus,
  plan: async () => (await import('./tables-plan.js')).planTables,
  apply: async () => (await import('./tables-apply.js')).applyTables,
  export: async () => (await import('./tables-export.js')).exportTables,
})
