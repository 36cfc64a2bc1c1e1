import { existsSync } from 'node:fs'
import { appendFile, chown, mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Failure } from '../../shared/failure.js'
import { slotName } from '../../shared/slot-name.js'
import { removeTree } from '../copy-tree.js'
import { HOST } from '../ports.js'
import type { RunAs } from '../run-as.js'
import { REPLICA, type ReplicationLogin } from './roles.js'

/** The folder of a stack's standbys: one data folder each, which exist as long as the stack is running. */
export const standbysFolder = (dataDir: string): string => path.join(dataDir, 'replicas')

export interface StandbyOptions {
  /** From 1. */
  readonly number: number
  readonly dataDir: string
  readonly primary: ReplicationLogin
  readonly runAs: RunAs | undefined
}

const urlOf = ({ port, password }: ReplicationLogin): string =>
  `postgresql://${REPLICA}:${password}@${HOST}:${port}/postgres`

/** A value of postgresql.conf. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * Creates the data folder of a standby: a base backup of the primary, and its configuration for following it. The log
 * it needs is retained from before the backup.
 * @returns the folder.
 */
export async function makeStandby(options: StandbyOptions): Promise<string> {
  const { number, dataDir, primary, runAs } = options
  const folder = path.join(standbysFolder(dataDir), String(number))
  // The driver is loaded here: a stack without replicas needs none.
  const { receiveBaseBackup, replicationCommand, unpackBaseBackup } = await import('../../base-backup/index.js')
  try {
    await mkdir(standbysFolder(dataDir), { recursive: true, mode: 0o711 })
    await removeTree(folder)
    await replicationCommand(urlOf(primary), `CREATE_REPLICATION_SLOT ${slotName(number)} PHYSICAL RESERVE_WAL`)
    await unpackBaseBackup(receiveBaseBackup({ url: urlOf(primary), label: slotName(number) }), folder, runAs)
    await follow(folder, options)
    return folder
  } catch (error) {
    await removeStandby(options).catch(() => {})
    const { message } = error as Error
    throw new Failure('local.replica.start_failed', `Replica ${number} could not be created: ${message}`, { folder })
  }
}

/**
 * Configures the standby to follow the primary. The password is in a file that only the server may read, as libpq
 * requires.
 */
async function follow(folder: string, { number, primary, runAs }: StandbyOptions): Promise<void> {
  const passfile = `${folder}.pass`
  await writePrivate(passfile, `${HOST}:${primary.port}:*:${REPLICA}:${primary.password}\n`, runAs)
  const conninfo = [
    `host=${HOST}`,
    `port=${primary.port}`,
    `user=${REPLICA}`,
    `application_name=${slotName(number)}`,
    'sslmode=disable',
    `passfile='${passfile.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
  ].join(' ')
  const settings = { primary_conninfo: conninfo, primary_slot_name: slotName(number), hot_standby_feedback: 'on' }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}\n`)
  await appendFile(path.join(folder, 'postgresql.auto.conf'), lines.join(''))
  await writePrivate(path.join(folder, 'standby.signal'), '', runAs)
}

async function writePrivate(file: string, text: string, runAs: RunAs | undefined): Promise<void> {
  await writeFile(file, text, { mode: 0o600 })
  if (runAs) await chown(file, runAs.uid, runAs.gid)
}

/**
 * Returns whether the primary keeps the part of its log that a standby needs. Once a slot holds back more than
 * `max_slot_wal_keep_size` the primary invalidates it: the standby can never follow again.
 * @throws the error of the server or the network.
 */
export async function isKept({ number, primary }: Pick<StandbyOptions, 'number' | 'primary'>): Promise<boolean> {
  const { replicationCommand } = await import('../../base-backup/index.js')
  const [slot] = await replicationCommand(urlOf(primary), `READ_REPLICATION_SLOT ${slotName(number)}`)
  return typeof slot?.['restart_lsn'] === 'string'
}

/** Removes a standby that has ended: its data, and its slot on the primary. */
export async function removeStandby({
  number,
  dataDir,
  primary,
}: Pick<StandbyOptions, 'number' | 'dataDir' | 'primary'>): Promise<void> {
  const { replicationCommand } = await import('../../base-backup/index.js')
  await replicationCommand(urlOf(primary), `DROP_REPLICATION_SLOT ${slotName(number)} WAIT`).catch(() => {})
  const folder = path.join(standbysFolder(dataDir), String(number))
  await removeTree(folder)
  await removeTree(`${folder}.pass`)
}

/**
 * Removes the remains of standbys whose supervisor was killed, before the primary starts: an unused slot would retain
 * its log.
 */
export async function forgetStandbys(dataDir: string): Promise<void> {
  if (!existsSync(standbysFolder(dataDir))) return // it is created before the first slot
  const slots = path.join(dataDir, 'postgres', 'pg_replslot')
  const left = (await readdir(slots).catch(() => [])).filter((name) => name.startsWith(slotName(0).slice(0, -1)))
  await Promise.all(left.map((name) => removeTree(path.join(slots, name))))
  await removeTree(standbysFolder(dataDir))
}
