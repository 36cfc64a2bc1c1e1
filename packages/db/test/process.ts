import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

/** A program with the package in scope as `miyabi`, in a process of its own. */
export class TestProcess implements AsyncDisposable {
  readonly child: ChildProcess
  readonly lines: string[] = []
  readonly #exited: Promise<[number | null, NodeJS.Signals | null]>
  #onLine = (): void => {}

  /** @param flags of Node. */
  constructor(program: string, env: Readonly<Record<string, string>>, flags: readonly string[] = []) {
    const entry = pathToFileURL(path.resolve(import.meta.dirname, '../dist/index.js')).href
    const source = `import * as miyabi from ${JSON.stringify(entry)}\n${program}`
    const { PATH } = process.env
    this.child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', source], {
      env: { ...(PATH && { PATH }), ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#exited = once(this.child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    if (this.child.stdout) {
      createInterface(this.child.stdout).on('line', (line) => {
        this.lines.push(line)
        this.#onLine()
      })
    }
  }

  /** Resolves once the process has printed this line. */
  async says(line: string): Promise<void> {
    while (!this.lines.includes(line)) {
      const next = new Promise<void>((resolve) => {
        this.#onLine = resolve
      })
      const ended = this.#exited.then(([code]) => {
        throw new Error(`it ended with ${code} before it said ${line}; it said ${this.lines.join(' | ')}`)
      })
      await Promise.race([next, ended])
    }
  }

  /** Resolves with the exit code, or the name of the signal that killed it. */
  async exit(): Promise<number | NodeJS.Signals | null> {
    const [code, signal] = await this.#exited
    return code ?? signal
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL')
    await this.#exited
  }
}
