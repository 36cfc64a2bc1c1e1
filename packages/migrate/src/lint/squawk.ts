import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { SquawkError } from '../errors/errors.js'
import type { Migration } from '../history/folder.js'
import { SQUAWK_LEFT_OUT, SQUAWK_REMEDIES } from './squawk-rules.js'

/** The oldest server that the schema supports: what is slow there counts. */
const OLDEST = '15.0'

/** One finding of squawk, in our words. */
export interface SquawkFinding {
  readonly migration: string
  /** From 1. */
  readonly line: number
  readonly rule: string
  readonly problem: string
  readonly remedy: string
}

/** As squawk writes it. */
interface Report {
  readonly file: string
  /** From 0. */
  readonly line: number
  readonly rule_name: string
  readonly message: string
  readonly help: string | null
}

/**
 * Runs squawk over migrations, without its rules about taste.
 * @throws {SquawkError} `migrate.squawk_failed`, where it cannot be run.
 */
export async function squawk(
  migrations: readonly Migration[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<SquawkFinding[]> {
  if (migrations.length === 0) return []
  const files = new Map(migrations.map(({ folder, name }) => [path.join(folder, 'migration.sql'), name]))
  const reports = await report([...files.keys()], options.signal)
  return reports
    .filter(({ rule_name }) => rule_name !== 'syntax-error') // the server's own parser has read it
    .map(({ file, line, rule_name: rule, message, help }) => ({
      migration: files.get(file) ?? file,
      line: line + 1,
      rule,
      problem: message,
      remedy: SQUAWK_REMEDIES[rule] ?? help ?? `see https://squawkhq.com/docs/${rule}`,
    }))
}

async function report(files: readonly string[], signal: AbortSignal | undefined): Promise<Report[]> {
  const options = ['--reporter', 'json', '--pg-version', OLDEST, '--exclude', SQUAWK_LEFT_OUT.join(',')]
  const child = spawn(squawkBinary(), [...options, '--assume-in-transaction', ...files], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  })
  const ended = new Promise<void>((resolve, reject) => child.once('error', reject).once('close', () => resolve()))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), ended]).catch((error: Error) => {
    signal?.throwIfAborted()
    throw new SquawkError(error.message)
  })
  try {
    return JSON.parse(out) as Report[]
  } catch {
    throw new SquawkError(err.trim().split('\n')[0] ?? 'it said nothing')
  }
}

/** The executable of this platform: an optional dependency of squawk-cli, where npm has one. */
function squawkBinary(): string {
  const entry = createRequire(import.meta.url)('squawk-cli/js/index.js') as { readonly getBinaryPath: () => string }
  try {
    return entry.getBinaryPath()
  } catch (error) {
    throw new SquawkError((error as Error).message)
  }
}
