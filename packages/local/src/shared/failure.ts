import { statSync } from 'node:fs'
import path from 'node:path'
import type { Distrust } from '@miyabi/core'

/** The error codes of the embedded stack; see `LocalError` for their meaning. */
export type LocalErrorCode =
  | 'local.folder.unknown'
  | 'local.folder.denied'
  | 'local.disk.full'
  | 'local.port.taken'
  | 'local.start.timeout'
  | 'local.supervisor.failed'
  | 'local.supervisor.unresponsive'
  | 'local.user.unknown'
  | 'local.postgres.unavailable'
  | 'local.postgres.data_version'
  | 'local.postgres.data_incomplete'
  | 'local.postgres.credentials_missing'
  | 'local.postgres.start_failed'
  | 'local.dynamodb.start_failed'
  | 'local.replica.start_failed'

/** Facts about a failure: paths, versions, ports, and a server's last log lines. */
export interface LocalErrorDetails {
  readonly folder?: string
  readonly port?: number
  /** The process concerned. */
  readonly pid?: number
  readonly expected?: string
  readonly found?: string
  /** The last lines that the server or the supervisor wrote. */
  readonly log?: string
}

/**
 * A failure inside the supervisor, which loads only Node's own modules so that it starts quickly. It crosses the
 * control connection as plain JSON and reaches the caller as a `LocalError`.
 */
export class Failure extends Error {
  override readonly name = 'Failure'

  /** @param reason what happened; `remedy` states what to do about it. */
  constructor(
    readonly code: LocalErrorCode,
    reason: string,
    readonly details: LocalErrorDetails = {},
    readonly remedy?: string,
  ) {
    super(reason)
  }
}

const DENIED = new Set(['EACCES', 'EPERM'])
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** Names what the file system rejected: no permission, or no space. Any other error is returned unchanged. */
export function nameFileError(error: unknown, folder: string): unknown {
  const { code, syscall, path: target = folder } = (error ?? {}) as NodeJS.ErrnoException
  if (code && DENIED.has(code)) return deniedFailure(folder, target)
  // Node's recursive mkdir reports ENOENT if the file system is read-only.
  if (code === 'EROFS' || (code === 'ENOENT' && syscall === 'mkdir')) {
    const reason = `The embedded stack cannot write to ${target}: its file system is read-only`
    return new Failure('local.folder.denied', reason, { folder }, 'set MIYABI_STACK_DIR to a folder on another disk')
  }
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    const reason = `${target} is a file where the embedded stack needs a folder`
    const remedy = 'move it away, or set MIYABI_STACK_DIR to another folder'
    return new Failure('local.folder.denied', reason, { folder }, remedy)
  }
  if (code && FULL.has(code)) return diskFullFailure(folder)
  return error
}

/** The owner of the nearest folder at or above `target` that we may access. */
function ownerOf(target: string): { readonly path: string; readonly uid: number } | undefined {
  for (let at = target; ; at = path.dirname(at)) {
    try {
      return { path: at, uid: statSync(at).uid }
    } catch {
      if (at === path.dirname(at)) return undefined
    }
  }
}

export function deniedFailure(folder: string, target: string): Failure {
  const owner = process.geteuid && ownerOf(folder)
  const who = process.geteuid ? ` as user id ${process.geteuid()}` : ''
  const whose = owner ? ` (${owner.path} belongs to user id ${owner.uid})` : ''
  return new Failure(
    'local.folder.denied',
    `The embedded stack has no permission for ${target}${who}`,
    { folder },
    `get permission for ${folder}${whose}, remove it as its owner, or set MIYABI_STACK_DIR to another folder`,
  )
}

/** Another user may have put it there. */
export function strangersFailure({ path: place, reason }: Distrust): Failure {
  return new Failure(
    'local.folder.denied',
    `The embedded stack does not use ${place}: it ${reason}, so it may belong to another user`,
    { folder: place },
    'remove it, or set MIYABI_STACK_DIR to a folder that you own',
  )
}

export function diskFullFailure(folder: string, free?: string): Failure {
  return new Failure(
    'local.disk.full',
    `No space left for the embedded stack in ${folder}${free ? ` (${free})` : ''}; existing data is unchanged`,
    { folder },
    'free some space, or set MIYABI_STACK_DIR to a folder on another disk',
  )
}
