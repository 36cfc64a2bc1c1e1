import type { KeyObject } from 'node:crypto'
import { BackupError, damaged } from '../errors/errors.js'
import type { BackupTarget } from '../target/target.js'
import { type FileEntry, isBackupId, type Manifest, PLAIN_MANIFEST, SEALED_MANIFEST } from './manifest.js'
import { parseManifest } from './manifest-text.js'
import { decompress, Meter } from './streams.js'
import { unseal } from './unseal.js'

export interface OpenBackupOptions {
  /** Needed for an encrypted backup. */
  readonly key?: KeyObject | undefined
  /**
   * Whether a backup that is not encrypted is accepted although a key is given: anyone with write access to the store
   * could have put it there. Default false.
   */
  readonly plain?: boolean | undefined
}

/** A readable backup. */
export interface OpenedBackup {
  readonly manifest: Manifest
  /**
   * The rows or items of a file, decrypted and decompressed, as they are read. That the file is complete and unchanged
   * is certain only at its end: an error before that must undo what was done with it.
   * @throws {BackupError} `backup.damaged`, and errors of the target
   */
  read(file: FileEntry): AsyncIterable<Buffer>
}

/**
 * Reads the manifest of a backup.
 * @throws {BackupError} `backup.unknown`, `backup.incomplete`, `backup.key_missing`, `backup.key_wrong`,
 *   `backup.plain_refused`, `backup.damaged`, `backup.format_unknown`
 */
export async function openBackup(
  target: BackupTarget,
  id: string,
  { key, plain = false }: OpenBackupOptions = {},
): Promise<OpenedBackup> {
  if (!isBackupId(id)) throw await unknown(target, id)
  const sealed = await target.get(`${id}/${SEALED_MANIFEST}`)
  if (sealed) {
    if (key === undefined) throw keyMissing(id)
    const text = await textOf(asWrongKey(unseal(sealed, key, { backup: id, file: SEALED_MANIFEST }), id))
    return opened(target, id, parseManifest(text, id, SEALED_MANIFEST), key)
  }
  const open = await target.get(`${id}/${PLAIN_MANIFEST}`)
  if (open === undefined) throw await unknown(target, id)
  if (key !== undefined && !plain) throw plainRefused(id)
  return opened(target, id, parseManifest(await textOf(open), id, PLAIN_MANIFEST), undefined)
}

function opened(target: BackupTarget, id: string, manifest: Manifest, key: KeyObject | undefined): OpenedBackup {
  return { manifest, read: (file) => readFile(target, id, file, key) }
}

async function* readFile(
  target: BackupTarget,
  id: string,
  { name, bytes, sha256, plainBytes }: FileEntry,
  key: KeyObject | undefined,
): AsyncGenerator<Buffer> {
  const stored = await target.get(`${id}/${name}`)
  if (stored === undefined) throw damaged(id, name, 'is missing')
  const meter = new Meter()
  const passed = meter.pass(stored)
  let length = 0
  try {
    for await (const part of decompress(key ? unseal(passed, key, { backup: id, file: name }) : passed)) {
      length += part.length
      yield part
    }
  } catch (error) {
    if (isZlibError(error)) throw damaged(id, name, 'does not decompress: it was changed, or is truncated', error)
    throw error
  }
  if (meter.bytes !== bytes) throw damaged(id, name, `has ${meter.bytes} bytes, but ${bytes} were written`)
  if (meter.sha256() !== sha256) throw damaged(id, name, 'was changed: its SHA-256 differs')
  if (length !== plainBytes) throw damaged(id, name, `holds ${length} bytes, but ${plainBytes} were written`)
}

const isZlibError = (error: unknown): boolean => {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && (code.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE')
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of bytes) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** A failure to decrypt at the very beginning most likely means another key. */
async function* asWrongKey(bytes: AsyncIterable<Buffer>, backup: string): AsyncGenerator<Buffer> {
  try {
    yield* bytes
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'backup.damaged') throw error
    throw new BackupError(
      'backup.key_wrong',
      `The manifest of backup ${backup} does not decrypt: the key is a different one, or the manifest was changed`,
      {
        details: { backup },
        cause: error,
        remedy: 'set BACKUP_KEY_FILE to the key it was made with',
      },
    )
  }
}

async function unknown(target: BackupTarget, backup: string): Promise<BackupError> {
  if (isBackupId(backup)) {
    for await (const _ of target.list(`${backup}/`)) {
      return new BackupError(
        'backup.incomplete',
        `Backup ${backup} has no manifest: it did not complete, or is still running`,
        {
          details: { backup },
          remedy: 'use another one; `miyabi backup prune` removes the leftovers',
        },
      )
    }
  }
  return new BackupError('backup.unknown', `There is no backup ${backup} in ${target.name}`, {
    details: { backup },
    remedy: 'run `miyabi backup list` to list the backups',
  })
}

const keyMissing = (backup: string): BackupError<'backup.key_missing'> =>
  new BackupError('backup.key_missing', `Backup ${backup} is encrypted, but no key is set`, {
    details: { backup },
    remedy: 'set BACKUP_KEY_FILE to the key it was made with',
  })

const plainRefused = (backup: string): BackupError<'backup.plain_refused'> =>
  new BackupError(
    'backup.plain_refused',
    `Backup ${backup} is not encrypted, although a key is set: anyone may have made it`,
    {
      details: { backup },
      remedy: 'add --plain if you made it',
    },
  )
