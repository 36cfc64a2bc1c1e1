import type { Node } from '@pgsql/types'
import type { Schema } from '../schema/facts.js'
import { qualifiedName, textsOf } from '../sql/names.js'
import { nodesOf } from '../sql/walk.js'

/**
 * PostgreSQL's own functions that return a different value for each row, and those of extensions. A test compares the
 * list with the server's.
 */
const VOLATILE =
  /^(pg_.*|lo_.*|loread|lowrite|(cursor|query)_to_xml.*|random|random_normal|clock_timestamp|timeofday|gen_random_uuid|uuidv[47]|nextval|currval|lastval|setval|set_config|current_query|currtid2|array_(sample|shuffle)|txid_status|ts_rewrite|brin_.*|gin_.*|amvalidate|plpgsql_call_handler|binary_upgrade_.*|uuid_generate_v(1|1mc|4)|gen_salt|gen_random_bytes)$/

/**
 * The function in an expression that PostgreSQL has to call for each row, as a DEFAULT would then do; undefined if
 * there is none. A function of the schema counts as it was declared, an unknown one as volatile.
 */
export function volatileFunction(expression: Node | undefined, { functions }: Schema): string | undefined {
  for (const { funcname } of nodesOf(expression, 'FuncCall')) {
    const names = textsOf(funcname)
    const name = names.at(-1) ?? ''
    const isQualified = names.length > 1 && names[0] !== 'pg_catalog'
    const own = [...functions.values()].filter((each) => each.name === qualifiedName(names))
    const isVolatile =
      own.length > 0 ? own.some((each) => each.isVolatile !== false) : isQualified || VOLATILE.test(name)
    if (isVolatile) return name
  }
  return undefined
}
