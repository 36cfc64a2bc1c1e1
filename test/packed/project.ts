import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pnpm, storeVariables } from '../pnpm.js'
import { lockfileOf, type Wanted } from './lockfile.js'

/** Writes files into a folder, by their paths in it. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), text)
  }
}

/**
 * Makes the folder a root of its own, runs no install scripts, as the store has what they make, and asks no registry
 * how old a version is.
 */
const settings = 'packages: []\nstrictDepBuilds: false\nminimumReleaseAge: 0\n'

/** Makes a project of a folder outside of the workspace, and installs into it from the store alone: no network. */
export async function installOffline(folder: string, wanted: Wanted): Promise<void> {
  const { text, dependencies } = lockfileOf(wanted)
  await writeFiles(folder, {
    'package.json': JSON.stringify({ name: 'stranger', private: true, dependencies }),
    'pnpm-lock.yaml': text,
    'pnpm-workspace.yaml': settings,
  })
  await pnpm(['install', '--offline', '--frozen-lockfile'], folder, await storeVariables())
}
