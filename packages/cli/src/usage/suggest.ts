/**
 * Returns the candidate that a mistyped name most likely means: the nearest one, if at most one letter in three
 * differs, else the only one that begins with the name. Two swapped letters count as one difference.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates]
  const allowed = Math.max(1, Math.floor(name.replace(/^-+/, '').length / 3))
  const [best] = all
    .map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((one, other) => one.distance - other.distance)
  if (best) return best.candidate
  const longer = name.length >= 3 ? all.filter((candidate) => candidate.startsWith(name)) : []
  return longer.length === 1 ? longer[0] : undefined
}

/** The optimal string alignment distance: insertions, deletions, replacements and swaps of neighbors. */
function distanceOf(from: string, to: string): number {
  let before: readonly number[] = []
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = last
    last = current
  }
  return last[to.length] ?? 0
}
