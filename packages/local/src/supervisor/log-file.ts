import { closeSync, fstatSync, readSync, renameSync, statSync } from 'node:fs'
import { openAppending } from '../shared/files.js'

const MAX_BYTES = 5 * 1024 * 1024
const TAIL_BYTES = 4 * 1024

/** A server's log: appended to, private, and rotated to `<file>.1` when it is large. */
export class LogFile {
  readonly fd: number
  #mark: number

  constructor(readonly file: string) {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`)
    this.fd = openAppending(file)
    this.#mark = fstatSync(this.fd).size
  }

  /** Sets the mark: `tail` returns only what is written after it. */
  mark(): void {
    this.#mark = fstatSync(this.fd).size
  }

  /** The last lines written since the mark. */
  tail(): string {
    const size = fstatSync(this.fd).size
    const start = Math.max(this.#mark, size - TAIL_BYTES)
    const buffer = Buffer.alloc(Math.max(0, size - start))
    readSync(this.fd, buffer, 0, buffer.length, start)
    return buffer.toString('utf8').trim()
  }

  close(): void {
    closeSync(this.fd)
  }
}
