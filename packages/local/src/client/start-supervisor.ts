import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { openAppending } from '../shared/files.js'
import { LocalError } from './errors.js'

const LOG = 'supervisor.log'

/** A supervisor process that we started; it may or may not become the owner of the folder. */
export class StartedSupervisor {
  readonly #child: ChildProcess

  constructor(
    private readonly folder: string,
    { temporary, amcheck = false }: { readonly temporary: boolean; readonly amcheck?: boolean },
  ) {
    const program = createRequire(import.meta.url).resolve('#supervisor')
    const log = openAppending(path.join(folder, LOG))
    const flags = [...(temporary ? ['--temporary'] : []), ...(amcheck ? ['--amcheck'] : [])]
    this.#child = spawn(process.execPath, [program, folder, ...flags], {
      cwd: path.parse(folder).root,
      // A separate process group: Ctrl-C in our terminal is not meant for it.
      detached: true,
      stdio: ['ignore', log, log],
      // It does not inherit the loaders and inspectors of the current process.
      env: { ...process.env, NODE_OPTIONS: '' },
      windowsHide: true,
    })
    closeSync(log)
    this.#child.on('error', () => {}) // it then has no pid, which `hasEnded` checks
    this.#child.unref()
  }

  get hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Throws if it ended other than by its own decision (0: another one owns the folder). */
  assertNotCrashed(): void {
    if (!this.hasEnded || this.#child.exitCode === 0) return
    const file = path.join(this.folder, LOG)
    const log = readFileSync(file, 'utf8').slice(-4096)
    const how = this.#child.signalCode ?? `code ${this.#child.exitCode ?? 'unknown'}`
    throw new LocalError('local.supervisor.failed', `The supervisor of the embedded stack ended immediately (${how})`, {
      details: { folder: this.folder, log },
      remedy: `see its last output in details.log, and all of it in ${file}`,
    })
  }
}
