import type { Logger } from '../logging/logger.js'
import { installedVersion } from './installed-version.js'

/** What a member has to be. `any`: it exists, with any value. */
export type InternalKind = 'function' | 'object' | 'boolean' | 'any'

/** A third-party package, and the version its internals were read in. */
export interface ReadPackage {
  readonly package: string
  /** The version in which its internals were read. In other versions they may be missing or have another meaning. */
  readonly readIn: string
  /** The package that depends on it, if it is not a direct dependency of ours. */
  readonly via?: string
}

/** A member of another package that is used although its documentation does not promise it. */
export interface Internal<Holder extends string = string> extends ReadPackage {
  /** The object that has it, in the package's own terms: `Pool`. */
  readonly holder: Holder
  readonly member: string
  readonly kind: InternalKind
  /** What it is used for. */
  readonly use: string
  /** What is lost without it, if it only saves time. */
  readonly saves: string | undefined
}

/** A missing member, and the version that lacks it. */
export interface MissingInternal {
  readonly package: string
  /** `unknown` if it cannot be read, as in a bundle. */
  readonly installed: string
  readonly readIn: string
  /** `Pool._pulseQueue` */
  readonly member: string
  readonly use: string
}

/** The members used of one package, one per row. `saves`: what is lost without a member that only saves time. */
export function internalsOf<Holder extends string>(
  of: ReadPackage,
  rows: readonly (readonly [holder: Holder, member: string, kind: InternalKind, use: string, saves?: string])[],
): Internal<Holder>[] {
  return rows.map(([holder, member, kind, use, saves]) => ({ ...of, holder, member, kind, use, saves }))
}

/** Checks, once per process, whether the internals that one of our packages uses exist. */
export class InternalsCheck<Holder extends string> {
  readonly #internals: readonly Internal<Holder>[]
  readonly #holders: () => Readonly<Record<Holder, unknown>>
  readonly #from: string
  readonly #warned = new Set<string>()
  #missing: readonly Internal<Holder>[] | undefined

  /**
   * @param holders creates the objects that are checked.
   * @param from the `import.meta.url` of a module that imports the packages: it determines which copy is meant.
   */
  constructor(internals: readonly Internal<Holder>[], holders: () => Readonly<Record<Holder, unknown>>, from: string) {
    this.#internals = internals
    this.#holders = holders
    this.#from = from
  }

  /** The missing members that calls need, as facts and in words; undefined if none is missing. */
  get problem(): { readonly missing: readonly MissingInternal[]; readonly message: string } | undefined {
    const missing = this.#told(undefined)
    return missing.length === 0 ? undefined : { missing, message: inWords(missing) }
  }

  /**
   * Whether everything exists that `saves` needs to save time. If not, the first call with a logger logs one warning.
   */
  has(saves: string, logger: Logger | undefined): boolean {
    const missing = this.#told(saves)
    if (missing.length > 0 && logger && !this.#warned.has(saves)) {
      this.#warned.add(saves)
      const message = `Continuing without ${saves}, which only saves time: ${inWords(missing)}`
      logger.warn({ event: 'internals.missing', saves, missing }, message)
    }
    return missing.length === 0
  }

  /** The missing members that `saves` needs, or that all calls need. */
  #told(saves: string | undefined): readonly MissingInternal[] {
    this.#missing ??= this.#find()
    return this.#missing
      .filter((one) => one.saves === saves)
      .map(({ package: name, via, readIn, holder, member, use }) => ({
        package: name,
        installed: installedVersion(name, this.#from, via),
        readIn,
        member: `${holder}.${member}`,
        use,
      }))
  }

  #find(): readonly Internal<Holder>[] {
    const holders = this.#holders()
    return this.#internals.filter((one) => !isThere(holders[one.holder], one))
  }
}

function isThere(holder: unknown, { member, kind }: Internal): boolean {
  if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return false
  if (kind === 'any') return member in holder
  const value: unknown = Reflect.get(holder, member)
  return typeof value === kind && value !== null
}

/** `pg-pool 4.0.0 lacks Pool._pulseQueue (...), which 3.14.0 has; install 3.14.0` */
function inWords(missing: readonly MissingInternal[]): string {
  const names = [...new Set(missing.map((one) => one.package))]
  return names
    .flatMap((name) => {
      const own = missing.filter((one) => one.package === name)
      const [{ installed, readIn } = { installed: 'unknown', readIn: 'unknown' }] = own
      const members = own.map(({ member, use }) => `${member} (${use})`).join(', ')
      return `${name} ${installed === 'unknown' ? 'as installed' : installed} lacks ${members}, which ${readIn} has; install ${name} ${readIn}`
    })
    .join('. ')
}
