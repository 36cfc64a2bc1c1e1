/**
 * Returns the name of `names` that takes the fewest changed, added or removed characters to reach from `text`, and how
 * many.
 */
export function nearestName(
  text: string,
  names: Iterable<string>,
): { readonly name: string; readonly changes: number } | undefined {
  let nearest: { name: string; changes: number } | undefined
  for (const name of names) {
    const changes = editDistance(text, name)
    if (nearest === undefined || changes < nearest.changes) nearest = { name, changes }
  }
  return nearest
}

/** Levenshtein's distance, a row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + change)
    }
    row = next
  }
  return row[to.length] ?? 0
}
