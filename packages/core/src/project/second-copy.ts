/** The same in every copy of this package. */
const REGISTRY = Symbol.for('@miyabi/core.copies')

interface Registry {
  /** The place where each package was first loaded from. */
  readonly places: Map<string, string>
  hasWarned: boolean
}

/**
 * Warns, once per process, if one of our packages is loaded twice: in two versions, or from two places. Each copy works
 * on its own, and is unaware of the other's open transactions and failed calls. A module that is evaluated again from
 * the same place, as by a reload, is not a second copy, nor are copies that a bundler makes on purpose.
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
    `Two copies of ${name} are loaded in this process: ${first} and ${place}. Neither is aware of the other's transactions; ` +
      `\`npm ls ${name}\` shows which packages depend on them`,
    { type: 'MiyabiWarning', code: 'MIYABI_SECOND_COPY' },
  )
}
