import { type LogFields, type Logger, silentLogger } from '@miyabi/core'

/** Fields that observers add to every log line: the ids of the active trace. */
export class AddedFields {
  #givers: readonly (() => LogFields)[] = []

  /** Returns a function that removes it. */
  add(giver: () => LogFields): () => void {
    this.#givers = [...this.#givers, giver]
    return () => {
      this.#givers = this.#givers.filter((one) => one !== giver)
    }
  }

  /** The same logger, whose lines include them. */
  to(logger: Logger): Logger {
    if (logger === silentLogger) return logger
    const through =
      (level: keyof Logger) =>
      (fields: LogFields, message: string): void =>
        logger[level](this.#givers.length === 0 ? fields : { ...this.#fields(), ...fields }, message)
    return { debug: through('debug'), info: through('info'), warn: through('warn'), error: through('error') }
  }

  #fields(): LogFields {
    return Object.assign({}, ...this.#givers.map(given))
  }
}

/** The line takes precedence: if its fields cannot be read, it is logged without them. */
function given(giver: () => LogFields): LogFields {
  try {
    return giver()
  } catch {
    return {}
  }
}
