/** Every way in which the embedded stack can refuse; see `LocalError` for what each means. */
export type LocalErrorCode =
  | 'local.folder.unknown'
  | 'local.folder.denied'
  | 'local.disk.full'
  | 'local.port.taken'
  | 'local.start.timeout'
  | 'local.supervisor.failed'
  | 'local.root.no_user'
  | 'local.postgres.unavailable'
  | 'local.postgres.data_version'
  | 'local.postgres.credentials_missing'
  | 'local.postgres.start_failed'
  | 'local.dynamodb.start_failed'

/** Facts of a failure: paths, versions, ports, and a server's last log lines. */
export interface LocalErrorDetails {
  readonly folder?: string
  readonly port?: number
  readonly expected?: string
  readonly found?: string
  /** The last lines the server or the supervisor wrote. */
  readonly log?: string
}

/**
 * A failure inside the supervisor, which loads nothing but Node's own modules so that it starts at once. It crosses the control
 * connection as plain JSON and reaches the caller as a `LocalError`.
 */
export class Failure extends Error {
  override readonly name = 'Failure'

  constructor(
    readonly code: LocalErrorCode,
    message: string,
    readonly details: LocalErrorDetails = {},
  ) {
    super(message)
  }
}

const DENIED = new Set(['EACCES', 'EPERM', 'EROFS'])
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** Names what the file system refused: no rights, or no space. Anything else is returned as it is. */
export function nameFileError(error: unknown, folder: string): unknown {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException
  if (code && DENIED.has(code)) return deniedFailure(folder, path ?? folder)
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    const message = `${path ?? folder} is a file where the embedded stack needs a folder. Move it away, or name another folder in MIYABI_STACK_DIR.`
    return new Failure('local.folder.denied', message, { folder })
  }
  if (code && FULL.has(code)) return diskFullFailure(folder)
  return error
}

export function deniedFailure(folder: string, path: string): Failure {
  const who = process.getuid ? ` (running as user id ${process.getuid()})` : ''
  return new Failure(
    'local.folder.denied',
    `The embedded stack may not use ${path}${who}. Give this user the rights to ${folder}, remove that folder as its owner, ` +
      'or name another folder in MIYABI_STACK_DIR.',
    { folder },
  )
}

export function diskFullFailure(folder: string, free?: string): Failure {
  return new Failure(
    'local.disk.full',
    `No space left for the embedded stack in ${folder}${free ? ` (${free})` : ''}. Free some space, or name a folder on another ` +
      'disk in MIYABI_STACK_DIR. Nothing that was there has been changed.',
    { folder },
  )
}
