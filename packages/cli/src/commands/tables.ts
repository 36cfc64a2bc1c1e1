import { commandGroup } from '../command.js'
import { applyTables } from './tables-apply.js'
import { exportTables } from './tables-export.js'
import { planTables } from './tables-plan.js'
import { tablesStatus } from './tables-status.js'

export const tables = commandGroup('tables', 'The DynamoDB tables.', {
  status: tablesStatus,
  plan: planTables,
  apply: applyTables,
  export: exportTables,
})
