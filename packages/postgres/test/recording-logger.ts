import type { LogFields, Logger } from '@miyabi/core'

/** A logger that keeps what it is told. */
export class RecordingLogger implements Logger {
  readonly lines: (LogFields & { readonly level: keyof Logger })[] = []
  readonly debug = this.#level('debug')
  readonly info = this.#level('info')
  readonly warn = this.#level('warn')
  readonly error = this.#level('error')

  /** The lines of one event of the pool. */
  of(event: string): readonly LogFields[] {
    return this.lines.filter((line) => line['event'] === `postgres.pool.${event}`)
  }

  #level(level: keyof Logger) {
    return (fields: LogFields): void => {
      this.lines.push({ ...fields, level })
    }
  }
}
