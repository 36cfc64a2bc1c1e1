/** The same in every copy of this package. */
const REGISTRY = Symbol.for('@miyabi/core.copies')

interface Registry {
  /** Where each package was found first. */
  readonly places: Map<string, string>
  hasWarned: boolean
}

/**
 * Warns, once a process, of a package of ours that is installed twice: in two versions, or one in two places. Each copy
 * works by itself, and knows nothing of the other's transactions under way and failed calls. A module that is evaluated
 * again from where it was, as by a reload, is no second copy, nor are those that a bundler makes on purpose.
 *
 * @param name the package.
 * @param place the `import.meta.url` of its module; a bundle of CommonJS has none.
 */
export function warnOfSecondCopy(name: string, place: string | undefined): void {
  if (!place?.includes('/node_modules/')) return
  const holder = globalThis as { [REGISTRY]?: Registry }
  holder[REGISTRY] ??= { places: new Map(), hasWarned: false }
  const registry = holder[REGISTRY]
  const first = registry.places.get(name)
  if (first === undefined) registry.places.set(name, place)
  if (first === undefined || first === place || registry.hasWarned) return
  registry.hasWarned = true
  process.emitWarning(
    `There are two copies of ${name} in this process, ${first} and ${place}. What one of them began, the other does not know; ` +
      `\`npm ls ${name}\` tells who brings them along`,
    { type: 'MiyabiWarning', code: 'MIYABI_SECOND_COPY' },
  )
}
