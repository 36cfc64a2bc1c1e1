import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import { readManifest, root } from '../workspace.js'
import type { PackedPackage } from './pack.js'

/** What is read of pnpm-lock.yaml. */
interface Lockfile {
  readonly lockfileVersion: string
  readonly settings: unknown
  readonly importers: Readonly<Record<string, Importer>>
  readonly packages: Readonly<Record<string, object>>
  readonly snapshots: Readonly<Record<string, Snapshot>>
}

type Snapshot = Partial<Record<'dependencies' | 'optionalDependencies', Readonly<Record<string, string>>>>
type Importer = Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Dependencies>>
type Dependencies = Readonly<Record<string, { readonly specifier: string; readonly version: string }>>

/** What a project outside of the workspace depends on. */
export interface Wanted {
  readonly packed: readonly PackedPackage[]
  /** Names of ours. */
  readonly ours: readonly string[]
  /** Names of others, in the versions that the root of the workspace has. */
  readonly others: readonly string[]
}

/**
 * The lockfile of a project that installs packed packages, with every package of others in the version that this
 * workspace has: so that the store, filled by the installation of the workspace, is all that it takes.
 * @returns the text, and the `dependencies` of the manifest that fits it.
 */
export function lockfileOf({ packed, ours, others }: Wanted): {
  readonly text: string
  readonly dependencies: Readonly<Record<string, string>>
} {
  const { importers, packages, snapshots, ...rest } = parse(
    readFileSync(path.join(root, 'pnpm-lock.yaml'), 'utf8'),
  ) as Lockfile
  const file = ({ tarball }: PackedPackage): string => `file:${tarball}`
  const byName = new Map(packed.map((one) => [one.name, one]))

  /** What a packed package depends on: others in the workspace's versions, ours as they are packed. */
  const versions = (dependencies: Dependencies = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(dependencies).map(([name, { version }]) => {
        const one = byName.get(name)
        return [name, one ? file(one) : version]
      }),
    )
  const snapshotOf = ({ dependencies, optionalDependencies }: Importer) => ({
    dependencies: versions(dependencies),
    ...(optionalDependencies && { optionalDependencies: versions(optionalDependencies) }),
  })
  const tools = { ...importers['.']?.dependencies, ...importers['.']?.devDependencies }
  const direct = Object.fromEntries([
    ...ours.map((name) => {
      const one = byName.get(name)
      if (!one) throw new Error(`${name} is not packed`)
      return [name, { specifier: file(one), version: file(one) }] as const
    }),
    ...others.map((name) => {
      const version = tools[name]?.version
      if (version === undefined) throw new Error(`the root does not depend on ${name}`)
      return [name, { specifier: version.replace(/\(.*/, ''), version }] as const
    }),
  ])
  const ourSnapshots = packed.map((one) => [`${one.name}@${file(one)}`, snapshotOf(importers[one.folder] ?? {})])
  const reached = reachable({ ...snapshots, ...Object.fromEntries(ourSnapshots) }, direct)
  const lockfile = {
    ...rest,
    catalogs: undefined,
    overrides: undefined,
    pnpmfileChecksum: undefined,
    importers: { '.': { dependencies: direct } },
    packages: {
      ...pick(packages, new Set([...reached].map(withoutPeers))),
      ...Object.fromEntries(
        packed.map((one) => [
          `${one.name}@${file(one)}`,
          { resolution: { integrity: one.integrity, tarball: file(one) }, ...facts(one.folder) },
        ]),
      ),
    },
    snapshots: pick({ ...snapshots, ...Object.fromEntries(ourSnapshots) }, reached),
  }
  return {
    text: stringify(lockfile),
    dependencies: Object.fromEntries(Object.entries(direct).map(([name, { specifier }]) => [name, specifier])),
  }
}

/** The packages that a project needs, directly or not: the others may not even be in the store. */
function reachable(snapshots: Readonly<Record<string, Snapshot>>, direct: Dependencies): Set<string> {
  const reached = new Set<string>()
  const visit = (name: string, version: string): void => {
    const key = [`${name}@${version}`, version].find((candidate) => Object.hasOwn(snapshots, candidate))
    if (key === undefined || reached.has(key)) return
    reached.add(key)
    const { dependencies, optionalDependencies } = snapshots[key] ?? {}
    for (const entry of Object.entries({ ...dependencies, ...optionalDependencies })) visit(...entry)
  }
  for (const [name, { version }] of Object.entries(direct)) visit(name, version)
  return reached
}

/** What a lockfile says of a package of ours besides. */
function facts(folder: string): object {
  const { version, bin } = readManifest(folder)
  return { version, ...(bin && { hasBin: true }) }
}

const withoutPeers = (key: string): string => key.replace(/\(.*/, '')

const pick = <T>(from: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(from).filter(([key]) => keys.has(key)))
