import { existsSync } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { printable, type StackDescriptor } from '@miyabi/core'
import { findOwner } from '../shared/owner-file.js'
import { namingErrors } from './errors.js'
import { resolveFolder } from './folder.js'
import type { FolderOptions } from './hold.js'
import { askStatus } from './next-reply.js'
import { type ReplicaProgress, replicationOf } from './replication.js'

/** The result of `stackStatus`. */
export type StackStatus =
  | { readonly running: false; readonly folder: string }
  | {
      readonly running: true
      readonly folder: string
      /** Ports, URLs, versions, the data folder. */
      readonly descriptor: StackDescriptor
      /** Whether the stack keeps running without leases. */
      readonly held: boolean
      readonly leases: number
      readonly uptimeMs: number
      /** How each standby follows the primary, in the order of `descriptor.postgres.replicas`. */
      readonly replication: readonly ReplicaProgress[]
      /** Bytes on disk. */
      readonly sizes: { readonly postgres: number; readonly dynamodb: number; readonly replicas: readonly number[] }
    }

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const file = path.join(folder, entry.name)
      // A server may remove a file while we count.
      return entry.isDirectory() ? sizeOf(file) : ((await lstat(file).catch(() => undefined))?.size ?? 0)
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/**
 * Returns whether a stack is running in the folder, and its state. Takes no lease and starts nothing.
 * @throws {LocalError} `local.supervisor.unresponsive` if its supervisor hangs.
 */
export async function stackStatus(options: FolderOptions = {}): Promise<StackStatus> {
  const folder = resolveFolder(options.folder)
  const owner = existsSync(folder) ? namingErrors(folder, () => findOwner(folder)) : undefined
  if (!owner) return { running: false, folder }
  const reply = await askStatus(owner)
  if (reply?.type !== 'status' || !reply.descriptor) return { running: false, folder }
  const { descriptor, held, leases } = reply
  const { dataDir } = descriptor
  const [postgres, dynamodb] = await Promise.all([
    sizeOf(path.join(dataDir, 'postgres')),
    sizeOf(path.join(dataDir, 'dynamodb')),
  ])
  const { replicas: standbys = [] } = descriptor.postgres
  const replication = await replicationOf(descriptor.postgres)
  const replicas = await Promise.all(
    standbys.map((_, index) => sizeOf(path.join(dataDir, 'replicas', String(index + 1)))),
  )
  const startedAt = Date.parse(String(descriptor.startedAt))
  return {
    running: true,
    folder,
    descriptor: printable(descriptor),
    held,
    leases,
    uptimeMs: Date.now() - startedAt,
    replication,
    sizes: { postgres, dynamodb, replicas },
  }
}
