import { DynamoInputError, DynamoValueError, PayloadTooLargeError, type RefusedMember } from './errors.js'

/** The most that the message lists; `details.refused` has them all. */
const TOLD = 5

/**
 * Runs a check that refuses invalid members on each member of a list, and reports which were refused:
 * `events[317].data.at is a Date ...`. One error reports all of them.
 *
 * @param name the name of the list.
 * @throws {DynamoInputError} naming each refused member; if only one is refused, its own error, with its position.
 */
export function each<Given, Made>(given: readonly Given[], name: string, make: (one: Given) => Made): Made[] {
  if (!Array.isArray(given)) throw new DynamoInputError(name, 'is not an array')
  const made: Made[] = []
  const refused: { readonly index: number; readonly error: ArgumentError }[] = []
  for (const [index, one] of given.entries()) {
    const place = `${name}[${index}]`
    try {
      if (typeof one !== 'object' || one === null) throw new DynamoInputError(place, 'is not an object')
      made.push(make(one))
    } catch (error) {
      if (!isArgumentError(error)) throw error
      refused.push({ index, error: nameOf(error) === place ? error : inside(place, error) })
    }
  }
  const [first, ...others] = refused
  if (!first) return made
  if (others.length === 0) throw first.error
  const messages = refused.slice(0, TOLD).map(({ error }) => error.message)
  const more = refused.length > TOLD ? `; and ${refused.length - TOLD} more (see details.refused)` : ''
  throw new DynamoInputError(
    name,
    `has ${refused.length} of ${given.length} members refused: ${messages.join('; ')}${more}`,
    refused.map(({ index, error: { code, message } }): RefusedMember => ({ index, code, problem: message })),
  )
}

type ArgumentError = DynamoInputError | DynamoValueError | PayloadTooLargeError

const isArgumentError = (error: unknown): error is ArgumentError =>
  error instanceof DynamoInputError || error instanceof DynamoValueError || error instanceof PayloadTooLargeError

const nameOf = ({ details }: ArgumentError): string => ('path' in details ? details.path : details.argument)

/** The same error, about an argument inside another. */
function inside(place: string, error: ArgumentError): ArgumentError {
  if (error instanceof PayloadTooLargeError) {
    const { argument, bytes, maxBytes } = error.details
    return new PayloadTooLargeError(`${place}.${argument}`, bytes, maxBytes)
  }
  const name = nameOf(error)
  const problem = error.message.slice(name.length + 1)
  return error instanceof DynamoValueError
    ? new DynamoValueError(`${place}.${name}`, problem)
    : new DynamoInputError(`${place}.${name}`, problem)
}
