/** The members of `T`, each that may be undefined optional instead. */
export type Defined<T extends object> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/**
 * The members that have a value: what is undefined is left out, as types demand for whom a member that is there has a
 * value.
 */
export function defined<T extends object>(members: T): Defined<T> {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(members)) if (value !== undefined) kept[name] = value
  return kept as Defined<T>
}
