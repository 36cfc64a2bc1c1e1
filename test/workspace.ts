import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The root of the repository. */
export const root: string = path.resolve(import.meta.dirname, '..')

/**
 * The folder of each package of the workspace, relative to the root, by the package's name; as pnpm-workspace.yaml
 * says.
 */
export function packageFolders(workspace: string = root): Map<string, string> {
  const folders = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(path.join(workspace, parent)).map((name) => `${parent}/${name}`),
  )
  return new Map(
    [...folders, 'benchmarks']
      .filter((folder) => existsSync(path.join(workspace, folder, 'package.json')))
      .map((folder) => [readManifest(folder, workspace).name, folder]),
  )
}

/** What is read of a `package.json`. */
export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly bin?: object
  readonly packageManager?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export const readManifest = (folder: string, workspace: string = root): Manifest =>
  JSON.parse(readFileSync(path.join(workspace, folder, 'package.json'), 'utf8')) as Manifest
