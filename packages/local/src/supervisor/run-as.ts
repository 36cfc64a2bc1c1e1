import { execFile } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { isRoot } from '../shared/cache.js'
import { Failure } from '../shared/failure.js'

/** The unprivileged user that the servers run as if we are root: PostgreSQL refuses to run as root. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
}

/** Users that exist on common systems, the most suitable first. initdb requires one in the user database. */
const NAMES = ['postgres', '_postgres', 'nobody']

const run = promisify(execFile)

async function idOf(flag: '-u' | '-g', name: string): Promise<number | undefined> {
  return run('id', [flag, name]).then(
    ({ stdout }) => Number(stdout),
    () => undefined,
  )
}

/**
 * The user to switch to, or undefined to keep the current one. Data that belongs to a normal user (who ran the stack
 * here before) stays that user's: the server then runs as that user.
 */
export async function resolveRunAs(dataFolder: string): Promise<RunAs | undefined> {
  if (!isRoot()) return undefined
  const data = statSync(dataFolder, { throwIfNoEntry: false })
  if (data && data.uid !== 0) return { uid: data.uid, gid: data.gid }
  for (const name of NAMES) {
    const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)])
    if (uid && gid) return { uid, gid }
  }
  throw new Failure(
    'local.user.unknown',
    `PostgreSQL does not run as root, and none of the users ${NAMES.join(', ')} exists to run it instead`,
    {},
    'add one (useradd --system postgres), or run as a normal user',
  )
}

const EVERYONE_ENTERS = 0o111

/** Whether `target` and all folders above it may be entered by everyone. Leaves a path with links undecided: false. */
function isOpen(target: string): boolean {
  try {
    if (realpathSync(target) !== target) return false
    for (let at = target; ; at = path.dirname(at)) {
      if ((statSync(at).mode & EVERYONE_ENTERS) !== EVERYONE_ENTERS) return false
      if (at === path.dirname(at)) return true
    }
  } catch {
    return false
  }
}

/**
 * Whether that user can traverse every folder on the path to `target` and enter (or execute) it. Determined by trying,
 * unless everyone can.
 */
export async function canReach(runAs: RunAs | undefined, target: string): Promise<boolean> {
  if (!runAs || isOpen(target)) return true
  return run('/bin/sh', ['-c', 'test -x "$1"', 'sh', target], { ...runAs, cwd: '/' }).then(
    () => true,
    () => false,
  )
}
