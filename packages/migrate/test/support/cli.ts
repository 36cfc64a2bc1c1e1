import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import type { Project } from './project.js'

const require = createRequire(import.meta.url)

/**
 * What is Prisma's own, and what no version of the server could do otherwise, is shown again in the whole counts only.
 */
export const isLong = process.env['MIYABI_TEST_LONG'] === '1'

/** What a user sees: the exit code, and both outputs in one text without colours. */
export interface Outcome {
  readonly exitCode: number | null
  readonly output: string
}

export interface RunningPrisma {
  readonly child: ChildProcess
  readonly outcome: Promise<Outcome>
}

export interface PrismaOptions {
  /** DIRECT_DATABASE_URL. */
  readonly url?: string
  readonly env?: Readonly<Record<string, string>>
  /** Standard input. */
  readonly input?: string
}

/** The environment of this process without anything that could point Prisma elsewhere. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(DATABASE_URL|DIRECT_DATABASE_URL|SHADOW_DATABASE_URL|PRISMA_|MIYABI_|NODE_ENV|VITEST|FORCE_COLOR)/.test(name),
  )
  return { ...Object.fromEntries(kept), NO_COLOR: '1' }
}

/** Starts the real CLI in a project. */
export function startPrisma(project: Project, args: readonly string[], options: PrismaOptions = {}): RunningPrisma {
  const child = spawn(process.execPath, [require.resolve('prisma/build/index.js'), ...args], {
    cwd: project.folder,
    env: { ...bareEnvironment(), ...(options.url && { DIRECT_DATABASE_URL: options.url }), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // a process group of its own, as a terminal's foreground job is
  })
  child.stdin.end(options.input ?? '')
  const exit = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const outcome = Promise.all([exit, text(child.stdout), text(child.stderr)]).then(([exitCode, out, err]) => ({
    exitCode,
    output: out + err,
  }))
  return { child, outcome }
}

/** Runs the real CLI in a project to its end. */
export function prisma(project: Project, args: readonly string[], options: PrismaOptions = {}): Promise<Outcome> {
  return startPrisma(project, args, options).outcome
}
