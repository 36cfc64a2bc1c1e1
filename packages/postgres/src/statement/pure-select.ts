/** Words that may stand before a bracket without calling a function. */
const GRAMMAR =
  'all and any array as by between case distinct else end except exists filter from having ilike in intersect is join lateral like limit not offset on or over partition select some then union using values when where'

/** Functions that Prisma's reads call. None writes. */
const FUNCTIONS =
  'avg coalesce count jsonb_typeof length lower max min plainto_tsquery sum to_tsquery to_tsvector ts_rank upper'

const MAY_PRECEDE_BRACKET = new Set(`${GRAMMAR} ${FUNCTIONS}`.split(' '))

/**
 * Whether a text is one SELECT that can only read, so that running it twice does no more than running it once. It says
 * yes to what Prisma makes of find, count, aggregate and groupBy, and to raw SQL of the same form. It says no to what
 * it does not know: another function may write, even inside a SELECT.
 */
export function isPureSelect(sql: string): boolean {
  // What stands between quotes is a name or a text; a quoted name before a bracket is a function that somebody defined.
  const bare = sql.replace(/"(?:[^"]|"")*"/g, '@').replace(/'(?:[^'\\]|'')*'/g, '0')
  if (!/^\s*select\b/i.test(bare) || /['";\\]|--|\/\*|\$(?!\d)/.test(bare)) return false
  // INTO makes a table; FOR UPDATE locks; WITH may hold an INSERT.
  if (/\b(into|for|with)\b/i.test(bare)) return false
  return [...bare.matchAll(/([\w@.]+)\s*\(/g)].every(([, word = '']) => MAY_PRECEDE_BRACKET.has(word.toLowerCase()))
}
