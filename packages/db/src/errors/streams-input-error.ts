import { MiyabiError } from '@miyabi/core'

/** An invalid argument of `db.streams.consume`. Nothing was started. */
export class StreamsInputError extends MiyabiError<'db.streams.invalid_input', { readonly argument: string }> {
  override readonly name = 'StreamsInputError'

  constructor(argument: string, problem: string) {
    super('db.streams.invalid_input', `${argument} ${problem}`, { details: { argument } })
  }
}
