import path from 'node:path'

/** Where temporary stacks live, within the cache folder. */
export function temporaryStacks(cache: string): string {
  return path.join(cache, 'temporary')
}
