import type { BackupTarget, ReadKey, VerifiedBackup } from '@miyabi/backup'
import { isMiyabiError } from '@miyabi/core'
import { withBackups } from '../environment/with-backups.js'
import { exitCode } from '../terminal/exit-code.js'
import { style } from '../terminal/style.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

export const backupVerify = command({
  options: {
    id: { type: value.text('ID|newest|all'), description: 'The backup to read.', default: 'newest' },
    plain: { type: 'flag', description: 'Accepts a backup that is not encrypted although there is a key.' },
  },
  json: 'one array',
  examples: [
    ['miyabi backup verify', 'Reads the newest one.'],
    ['miyabi backup verify --id all', 'Reads every one.'],
  ],
  findings: 'A backup is damaged',
  more: 'docs/BACKUP.md',
  busy: 'reading a backup',
  run({ args: { id: asked, plain }, progress }) {
    return withBackups(async ({ target, key, signal }) => {
      const { verifyBackup } = await import('@miyabi/backup')
      const ids = await chosenIds(asked, target, key)
      const verified: VerifiedBackup[] = []
      for (const [index, id] of ids.entries()) {
        progress.step(`reading backup ${id} (${index + 1} of ${ids.length})`)
        const onFile = ({ name }: { readonly name: string }): void => progress.detail(name)
        try {
          verified.push(await verifyBackup(target, id, { key, plain, signal, onFile }))
        } catch (error) {
          // One of several backups counts as damaged.
          if (ids.length === 1 || !isMiyabiError(error, ...ABOUT_ONE)) throw error
          verified.push({ id, manifest: undefined, faults: [{ file: '', problem: 'manifest', text: error.message }] })
        }
      }
      return {
        code: verified.some(({ faults }) => faults.length > 0) ? exitCode.findings : exitCode.clean,
        json: verified.map(({ id, faults }) => ({ id, faults })),
        text: verified.map(render).join('\n'),
      }
    })
  },
})

const ABOUT_ONE = ['backup.key_wrong', 'backup.plain_refused', 'backup.key_missing'] as const

async function chosenIds(
  asked: string,
  target: BackupTarget,
  key: ReadKey['key'] | undefined,
): Promise<readonly string[]> {
  if (asked !== 'newest' && asked !== 'all') return [asked]
  const { BackupError, listBackups } = await import('@miyabi/backup')
  const ids = (await listBackups(target, { key })).flatMap(({ id, state }) => (state === 'incomplete' ? [] : [id]))
  if (ids.length === 0) {
    throw new BackupError('backup.unknown', `There is no backup in ${target.name}`, {
      details: { backup: asked },
      remedy: 'create one with `miyabi backup create`',
    })
  }
  return asked === 'newest' ? ids.slice(-1) : ids
}

function render({ id, faults, manifest }: VerifiedBackup): string {
  if (faults.length === 0) return `${id}  ${style('green', 'whole')}, ${manifest?.files.length ?? 0} files`
  return [`${id}  ${style('red', 'damaged')}`, ...faults.map(({ text }) => `  ${text}`)].join('\n')
}
