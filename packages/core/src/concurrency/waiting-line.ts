/** A place in a line; of one that was left nothing leads to the others. */
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
 * Who waits, in the order of their coming; each may leave at any time. Not a Set: while others come and go it is copied
 * into ever new tables, each of which leads to the next. The first of those grow old, and keep all that waited in the
 * others from being collected while that is cheap: with many waiting, garbage took more than a quarter of the time of a
 * query.
 */
export class WaitingLine<Waiter> {
  #first: Place<Waiter> | undefined
  #last: Place<Waiter> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Who waits longest. */
  get first(): Place<Waiter> | undefined {
    return this.#first
  }

  /** Those who wait now, in their order. */
  get places(): readonly Place<Waiter>[] {
    const places: Place<Waiter>[] = []
    for (let place = this.#first; place; place = place.after) places.push(place)
    return places
  }

  /** Takes the last place. */
  join(waiter: Waiter): Place<Waiter> {
    const place = new Place(waiter, this.#last)
    if (this.#last) this.#last.after = place
    else this.#first = place
    this.#last = place
    this.#size += 1
    return place
  }

  /** Says whether the place was still taken. */
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
