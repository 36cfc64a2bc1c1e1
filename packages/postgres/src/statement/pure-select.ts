/** Words that may precede a bracket without calling a function. */
const GRAMMAR =
  'all and any array as by between case distinct else end except exists filter from having ilike in intersect is join lateral like limit not offset on or over partition select some then union using values when where'

/** Functions that Prisma's reads call. None writes. */
const FUNCTIONS =
  'avg coalesce count jsonb_typeof length lower max min plainto_tsquery sum to_tsquery to_tsvector ts_rank upper'

const MAY_PRECEDE_BRACKET = new Set(`${GRAMMAR} ${FUNCTIONS}`.split(' '))

/**
 * Returns whether a text is one SELECT that can only read, so that running it twice has no further effect. True for the
 * statements that Prisma generates for find, count, aggregate and groupBy, and for raw SQL of the same form. False for
 * anything unknown: another function may write, even inside a SELECT.
 */
export function isPureSelect(sql: string): boolean {
  // Quoted parts are names or texts; a quoted name before a bracket is a user-defined function.
  const bare = sql.replace(/"(?:[^"]|"")*"/g, '@').replace(/'(?:[^'\\]|'')*'/g, '0')
  if (!/^\s*select\b/i.test(bare) || /['";\\]|--|\/\*|\$(?!\d)/.test(bare)) return false
  // INTO creates a table; FOR UPDATE locks; WITH may contain an INSERT.
  if (/\b(into|for|with)\b/i.test(bare)) return false
  return [...bare.matchAll(/([\w@.]+)\s*\(/g)].every(([, word = '']) => MAY_PRECEDE_BRACKET.has(word.toLowerCase()))
}
