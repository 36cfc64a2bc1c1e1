import type { AlterTableCmd, CreateTableAsStmt, Node, ViewStmt } from '@pgsql/types'
import { relationName } from '../sql/names.js'
import { asKind } from '../sql/walk.js'
import { newTable, type Origin, type Schema } from './facts.js'

export function applyCreateView(schema: Schema, { view, query, options }: ViewStmt, origin: Origin): void {
  const name = relationName(view)
  schema.views.set(name, { name, origin, query, isInvoker: invokerOption(options) ?? false })
}

/** A materialized view, or a table created from a query. */
export function applyCreateTableAs(schema: Schema, { into, query, objtype }: CreateTableAsStmt, origin: Origin): void {
  const name = relationName(into?.rel)
  // A role that may read a materialized view sees all of it: it has no security_invoker.
  if (objtype === 'OBJECT_MATVIEW')
    schema.views.set(name, { name, origin, query, isInvoker: false, isMaterialized: true })
  else if (into?.rel?.relpersistence !== 't') schema.tables.set(name, newTable(name, origin))
}

/** `ALTER VIEW ... SET (security_invoker = true)`. */
export function applyViewOptions(
  schema: Schema,
  name: string,
  commands: readonly AlterTableCmd[],
  origin: Origin,
): void {
  const view = schema.views.get(name)
  if (!view) return
  for (const { subtype, def } of commands) {
    if (subtype !== 'AT_SetRelOptions' && subtype !== 'AT_ResetRelOptions') continue
    const option = invokerOption(asKind(def, 'List')?.items)
    if (option !== undefined) {
      schema.views.set(name, { ...view, origin, isInvoker: subtype === 'AT_SetRelOptions' && option })
    }
  }
}

/** The value of `security_invoker` in the options; a name without a value means yes. */
function invokerOption(options: readonly Node[] | undefined): boolean | undefined {
  const elements = (options ?? []).flatMap((option) => asKind(option, 'DefElem') ?? [])
  const element = elements.find(({ defname }) => defname === 'security_invoker')
  if (!element) return undefined
  const value = asKind(element.arg, 'String')?.sval ?? 'true'
  return ['true', 'on', '1', 'yes'].includes(value.toLowerCase())
}
