import { createHash } from 'node:crypto'
import { BackupError, damaged } from '../errors/errors.js'
import { FORMAT, type Manifest } from './manifest.js'

/** The last entry of the text: the hash of everything before it. */
const SEAL = ',\n "sha256": "'

/** The manifest as it is stored, before encryption: JSON whose last entry is the hash of everything before it. */
export function manifestText(manifest: Manifest): string {
  const text = JSON.stringify(manifest, undefined, 1).slice(0, -2) // without the end of the object
  return `${text}${SEAL}${hashOf(text)}"\n}\n`
}

/**
 * Reads it back.
 * @param file for errors.
 * @throws {BackupError} `backup.damaged`, `backup.format_unknown`
 */
export function parseManifest(text: string, backup: string, file: string): Manifest {
  const at = text.lastIndexOf(SEAL)
  const body = text.slice(0, at)
  if (at < 0 || text !== `${body}${SEAL}${hashOf(body)}"\n}\n`)
    throw damaged(backup, file, 'was changed, or is truncated')
  const manifest = JSON.parse(text) as Manifest
  if (manifest.format !== FORMAT) {
    throw new BackupError(
      'backup.format_unknown',
      `Backup ${backup} has format ${manifest.format}, but this release reads ${FORMAT}`,
      {
        details: { backup, format: manifest.format },
        remedy: 'use the release that wrote it, or a newer one',
      },
    )
  }
  if (manifest.id !== backup) throw damaged(backup, file, `belongs to backup ${manifest.id}`)
  const strange = manifest.files.find(({ name }) => !FILE_NAME.test(name))
  if (strange) throw damaged(backup, file, 'names a file that no backup has')
  return manifest
}

/** No name leads outside the backup. */
const FILE_NAME = /^(postgres|dynamodb)\/[A-Za-z0-9_%-][A-Za-z0-9._%-]*$/

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
