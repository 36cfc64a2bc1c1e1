/** A place in a queue; a place that was left holds no reference to the others. */
export class Place<Waiter> {
  readonly waiter: Waiter
  before: Place<Waiter> | undefined
  after: Place<Waiter> | undefined
  isLeft = false

  constructor(waiter: Waiter, before: Place<Waiter> | undefined) {
    this.waiter = waiter
    this.before = before
  }
}

/**
 * A first-in, first-out queue whose members may leave at any time. Not a Set: while members come and go, a Set is
 * copied into new tables again and again, each of which references the next. The first of those tables reach the old
 * generation and keep everything that waited in the others from being collected cheaply: with many waiting, garbage
 * collection took more than a quarter of the time of a query.
 */
export class WaitingLine<Waiter> {
  #first: Place<Waiter> | undefined
  #last: Place<Waiter> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The member that has waited longest. */
  get first(): Place<Waiter> | undefined {
    return this.#first
  }

  /** The current members, in order. */
  get places(): readonly Place<Waiter>[] {
    const places: Place<Waiter>[] = []
    for (let place = this.#first; place; place = place.after) places.push(place)
    return places
  }

  /** Joins at the end. */
  join(waiter: Waiter): Place<Waiter> {
    const place = new Place(waiter, this.#last)
    if (this.#last) this.#last.after = place
    else this.#first = place
    this.#last = place
    this.#size += 1
    return place
  }

  /** Leaves; returns whether the place was still taken. */
  leave(place: Place<Waiter>): boolean {
    if (place.isLeft) return false
    const { before, after } = place
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    place.isLeft = true
    place.before = undefined
    place.after = undefined
    this.#size -= 1
    return true
  }
}
