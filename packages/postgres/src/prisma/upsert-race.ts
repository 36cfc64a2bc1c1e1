import { mapPostgresError } from '../errors/map-error.js'
import type { ClientCall } from '../internals/prisma.js'
import type { DataModel } from './data-model.js'

/**
 * Whether an upsert failed because another call inserted the row after this one had looked for it. Prisma looks, then inserts, wherever it cannot leave both to
 * the server: with `update: {}`, an `include`, nested writes. The same call made again finds the row.
 *
 * Only where the key that was violated is the one by which the row was looked for: with any other, the row is in the way for good.
 */
export function isLostRace(
  error: unknown,
  { action, model = '', args }: ClientCall,
  dataModel: () => DataModel,
): boolean {
  if (action !== 'upsert') return false
  const { code, details } = mapPostgresError(error)
  if (code !== 'postgres.unique_violation') return false
  const fields = dataModel().get(model)
  const { where } = args as { readonly where: Readonly<Record<string, unknown>> }
  const names = Object.entries(where).flatMap(([name, value]) =>
    fields?.has(name) ? [name] : Object.keys(Object(value)),
  )
  const columns = names.map((name) => fields?.get(name)?.column)
  return details.columns.length > 0 && details.columns.every((column) => columns.includes(column))
}
