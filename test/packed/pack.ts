import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pnpm } from '../pnpm.js'
import { packageFolders, readManifest, root } from '../workspace.js'

/** A package as `pnpm pack` makes it. */
export interface PackedPackage {
  readonly name: string
  /** Relative to the root. */
  readonly folder: string
  readonly tarball: string
  /** As a lockfile has it. */
  readonly integrity: string
}

/** The packages that are made to be installed elsewhere: those that are not private, by name. */
export function publicPackages(): string[] {
  return [...packageFolders()].filter(([, folder]) => readManifest(folder).private !== true).map(([name]) => name)
}

/** Packs them, as they are built, into a folder. */
export async function packPackages(into: string): Promise<PackedPackage[]> {
  mkdirSync(into, { recursive: true })
  const names = publicPackages()
  await pnpm([...names.map((name) => `--filter=${name}`), 'pack', '--pack-destination', into], root)
  const folders = packageFolders()
  return names.map((name) => {
    const folder = folders.get(name) ?? ''
    const tarball = path.join(into, `${name.replace('@', '').replace('/', '-')}-${readManifest(folder).version}.tgz`)
    const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
    return { name, folder, tarball, integrity }
  })
}
