import type { VerifiedBackup } from '@miyabi/backup'
import { isMiyabiError } from '@miyabi/core'
import { withBackups } from '../environment/with-backups.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, progressLine, style } from '../terminal/output.js'

export const backupVerify = command({
  name: 'backup verify',
  purpose:
    'Reads backups to their end, with no server: every file is there, none was changed, and each table has its rows. Ends with 2 when something is wrong.',
  options: {
    id: { type: 'string', description: 'The id of one, or `all`. Default: the newest.', default: 'newest' },
    plain: { type: 'boolean', description: 'One that is not encrypted is good, too, where there is a key.' },
    json: { type: 'boolean', description: 'Print one JSON array.' },
  },
  examples: [
    ['pnpm db:backup verify', 'the newest one'],
    ['pnpm db:backup verify --id all', 'every one'],
  ],
  run({ args }) {
    const plain = Boolean(args.plain)
    return withBackups(async ({ target, key, signal }) => {
      const { BackupError, listBackups, verifyBackup } = await import('@miyabi/backup')
      const ids =
        args.id === 'newest' || args.id === 'all'
          ? (await listBackups(target, { key })).flatMap(({ id, state }) => (state === 'incomplete' ? [] : [id]))
          : [args.id]
      const chosen = args.id === 'newest' ? ids.slice(-1) : ids
      if (chosen.length === 0) {
        throw new BackupError('backup.unknown', `There is no backup in ${target.name}`, {
          details: { backup: args.id },
          remedy: 'create one with `pnpm db:backup create`',
        })
      }
      using progress = progressLine(process.stderr)
      const verified: VerifiedBackup[] = []
      for (const id of chosen) {
        const onFile = ({ name }: { readonly name: string }): void => progress.show(`${id}: ${name}`)
        try {
          verified.push(await verifyBackup(target, id, { key, plain, signal, onFile }))
        } catch (error) {
          // Beside others it is one that is wrong.
          if (
            chosen.length === 1 ||
            !isMiyabiError(error, 'backup.key_wrong', 'backup.plain_refused', 'backup.key_missing')
          )
            throw error
          verified.push({ id, manifest: undefined, faults: [{ file: '', problem: 'manifest', text: error.message }] })
        }
      }
      progress.show('')
      if (args.json)
        print(
          JSON.stringify(
            verified.map(({ id, faults }) => ({ id, faults })),
            undefined,
            2,
          ),
        )
      else print(verified.map(render).join('\n'))
      return verified.some(({ faults }) => faults.length > 0) ? exitCode.findings : exitCode.clean
    })
  },
})

function render({ id, faults, manifest }: VerifiedBackup): string {
  if (faults.length === 0) return `${id}  ${style('green', 'whole')}, ${manifest?.files.length ?? 0} files`
  return [`${id}  ${style('red', 'wrong')}`, ...faults.map(({ text }) => `  ${text}`)].join('\n')
}
