import type { LogFields, Logger } from '@miyabi/core'

/** A logger that keeps what it is told. */
export class RecordingLogger implements Logger {
  readonly lines: { readonly level: keyof Logger; readonly fields: LogFields; readonly message: string }[] = []
  readonly debug = this.#level('debug')
  readonly info = this.#level('info')
  readonly warn = this.#level('warn')
  readonly error = this.#level('error')

  /** The lines of one event. */
  of(event: string): typeof this.lines {
    return this.lines.filter((line) => line.fields['event'] === event)
  }

  /** Everything as one text, to look for what must not be there. */
  get text(): string {
    return JSON.stringify(this.lines)
  }

  #level(level: keyof Logger) {
    return (fields: LogFields, message: string): void => {
      this.lines.push({ level, fields, message })
    }
  }
}
