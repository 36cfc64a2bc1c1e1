import { type LogFields, type Logger, silentLogger } from '@miyabi/core'

/** Fields of the moment that observers add to every line of a log: the ids of the trace that is active. */
export class AddedFields {
  #givers: readonly (() => LogFields)[] = []

  /** Returns what ends it. */
  add(giver: () => LogFields): () => void {
    this.#givers = [...this.#givers, giver]
    return () => {
      this.#givers = this.#givers.filter((one) => one !== giver)
    }
  }

  /** The same logger, whose lines have them. */
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

/** A line comes first: one whose fields cannot be had is logged without. */
function given(giver: () => LogFields): LogFields {
  try {
    return giver()
  } catch {
    return {}
  }
}
