import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { StackDescriptor } from '@miyabi/core'
import { onTestFinished } from 'vitest'

interface Line {
  readonly descriptor?: StackDescriptor
  readonly closed?: boolean
  readonly error?: { readonly code: string; readonly message: string }
  readonly level?: string
  readonly message?: string
}

/** Another process that leases the stack. */
export class Holder {
  readonly child: ChildProcess
  readonly lines: Line[] = []

  constructor(folder: string, env: NodeJS.ProcessEnv = process.env) {
    const program = fileURLToPath(new URL('./holder.mjs', import.meta.url))
    // A process group of its own, like a shell gives to a command: Ctrl-C is a signal to the group.
    this.child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'], detached: true, env })
    if (!this.child.stdout) throw new Error('no stdout')
    createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(JSON.parse(line) as Line))
    onTestFinished(() => {
      this.child.kill('SIGKILL')
    })
  }

  get pid(): number {
    if (!this.child.pid) throw new Error('the holder has no process')
    return this.child.pid
  }

  async find(wanted: (line: Line) => boolean): Promise<Line> {
    for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 10) {
      const line = this.lines.find(wanted)
      if (line) return line
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`the holder did not say what was expected, but: ${JSON.stringify(this.lines)}`)
  }

  async up(): Promise<StackDescriptor> {
    const { descriptor, error } = await this.find((line) => Boolean(line.descriptor ?? line.error))
    if (!descriptor) throw new Error(`the holder got no stack: ${error?.code} ${error?.message}`)
    return descriptor
  }

  async close(): Promise<void> {
    this.child.stdin?.write('close\n')
    await this.find((line) => line.closed === true)
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const gone = once(this.child, 'exit')
    this.child.kill(signal)
    await gone
  }
}
