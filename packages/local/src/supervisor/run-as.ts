import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { isRoot } from '../shared/cache.js'
import { Failure } from '../shared/failure.js'

/** The unprivileged user that the servers run as when we are root: PostgreSQL refuses to run as root. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
}

/** Users that exist on common systems, the most fitting first. initdb needs one that the user database knows. */
const NAMES = ['postgres', '_postgres', 'nobody']

function idOf(flag: '-u' | '-g', name: string): number | undefined {
  const answer = spawnSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return answer.status === 0 ? Number(answer.stdout) : undefined
}

/**
 * Whom to become, or undefined to stay who we are. Data that belongs to a normal user (who ran the stack here before)
 * stays that user's: the server then runs as them.
 */
export function resolveRunAs(dataFolder: string): RunAs | undefined {
  if (!isRoot()) return undefined
  const data = statSync(dataFolder, { throwIfNoEntry: false })
  if (data && data.uid !== 0) return { uid: data.uid, gid: data.gid }
  for (const name of NAMES) {
    const uid = idOf('-u', name)
    const gid = idOf('-g', name)
    if (uid && gid) return { uid, gid }
  }
  throw new Failure(
    'local.user.unknown',
    `PostgreSQL does not run as root, and none of the users ${NAMES.join(', ')} exists to run it instead`,
    {},
    'add one (useradd --system postgres), or run as a normal user',
  )
}

/**
 * Whether that user can pass through every folder on the way to `target` and enter (or execute) it. Found out by
 * trying.
 */
export function canReach(runAs: RunAs | undefined, target: string): boolean {
  if (!runAs) return true
  return (
    spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', target], { ...runAs, cwd: '/', stdio: 'ignore' }).status === 0
  )
}
