/**
 * Returns the name of `names` that takes the fewest changed, added or removed characters to reach from `text`;
 * undefined if each takes more than `most`. With a small `most` it costs little: every variable of the environment is
 * compared with every setting when a context is created.
 */
export function nearestName(text: string, names: Iterable<string>, most: number): string | undefined {
  let nearest: string | undefined
  let limit = most
  for (const name of names) {
    const changes = editDistance(text, name, limit)
    if (changes > limit) continue
    nearest = name
    limit = changes - 1
  }
  return nearest
}

/** Levenshtein's distance, a row at a time; some larger number if it is larger than `limit`. */
function editDistance(from: string, to: string, limit: number): number {
  const beyond = limit + 1
  if (Math.abs(from.length - to.length) > limit) return beyond
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    let least = i
    for (let j = 1; j <= to.length; j += 1) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1
      const changes = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + change)
      next[j] = changes
      if (changes < least) least = changes
    }
    // No later row has a smaller number.
    if (least > limit) return beyond
    row = next
  }
  return row[to.length] ?? 0
}
