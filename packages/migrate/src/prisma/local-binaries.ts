import path from 'node:path'
import type { Environment } from '@miyabi/core'

/**
 * `env` with every `node_modules/.bin` from `cwd` upwards at the front of PATH, as a package script has it: generators
 * and the seed command are found there.
 */
export function withLocalBinaries(env: Environment, cwd: string): Environment {
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH' // `Path` on Windows
  const folders: string[] = []
  for (let dir = path.resolve(cwd); ; dir = path.dirname(dir)) {
    folders.push(path.join(dir, 'node_modules', '.bin'))
    if (dir === path.dirname(dir)) break
  }
  return { ...env, [name]: [...folders, env[name]].filter(Boolean).join(path.delimiter) }
}
