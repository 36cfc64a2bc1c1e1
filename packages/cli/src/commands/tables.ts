import { commandGroup } from '../command.js'
import { createTables } from './tables-create.js'
import { tablesStatus } from './tables-status.js'

export const tables = commandGroup('tables', 'The DynamoDB tables.', { status: tablesStatus, create: createTables })
