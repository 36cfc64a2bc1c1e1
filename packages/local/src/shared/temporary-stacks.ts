import path from 'node:path'

/** The folder of temporary stacks, within the cache folder. */
export function temporaryStacks(cache: string): string {
  return path.join(cache, 'temporary')
}
