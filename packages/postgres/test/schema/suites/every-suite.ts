import type { OpenSchemaDatabase } from '../schema-database.js'
import { catalog } from './catalog.js'
import { constraints } from './constraints.js'
import { defaultValues } from './defaults.js'
import { functions } from './functions.js'
import { ids } from './ids.js'
import { relations } from './relations.js'
import { triggers } from './triggers.js'
import { values } from './values.js'

/** All that is said of the schema in SQL, to be tried on one server. */
export function everySuite(open: OpenSchemaDatabase): void {
  catalog(open)
  constraints(open)
  defaultValues(open)
  ids(open)
  functions(open)
  triggers(open)
  relations(open)
  values(open)
}
