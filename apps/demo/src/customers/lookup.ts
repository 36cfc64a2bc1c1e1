/** Returns a function from key to value, which throws if there is none: for keys that must exist. */
export function lookup<Key, Value>(entries: Iterable<readonly [Key, Value]>): (key: Key) => Value {
  const values = new Map(entries)
  return (key) => {
    const value = values.get(key)
    if (value === undefined) throw new Error(`nothing is stored under ${String(key)}`)
    return value
  }
}
