import { type Environment, isSet } from '@miyabi/core'
import { nearestName } from './nearest-name.js'
import { knownVariables } from './settings.js'

/** A variable that has no effect and looks as if it were meant for us. */
export interface Misspelled {
  readonly name: string
  /** The variable that was probably meant. */
  readonly nearest: string
}

const OUR_BEGINNING = /^(DB|DATABASE|DYNAMODB|DYNAMO|MIYABI)_/

/**
 * Returns variables such as `DB_MAX_CONNECTION`: set, unknown, and close to a known one. A name in lower case counts as
 * well.
 */
export function misspelledVariables(env: Environment): Misspelled[] {
  const known = new Set(knownVariables())
  return Object.keys(env)
    .filter((name) => !known.has(name) && isSet(env, name))
    .flatMap((name) => {
      const upper = name.toUpperCase()
      const nearest = nearestName(upper, known, tolerance(upper))
      return nearest === undefined ? [] : [{ name, nearest }]
    })
}

/**
 * How many changed characters still count as the same name: two, or three if it starts like one of ours, as long as
 * most of the rest is the same (`DATABASE_POOL` is not `DATABASE_URL`).
 */
function tolerance(name: string): number {
  const beginning = OUR_BEGINNING.exec(name)?.[0]
  return beginning === undefined ? 2 : Math.min(3, Math.floor((name.length - beginning.length) / 2))
}
