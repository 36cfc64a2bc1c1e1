import type { MetricDefinition } from './definition.js'
import { Family } from './family.js'
import { Histogram, Sum } from './histogram.js'

/** The metrics of one database, in the order in which they are read. */
export class MetricSet {
  readonly #families: Family[] = []

  get families(): readonly Family[] {
    return this.#families
  }

  sum<Attributes extends readonly string[]>(definition: MetricDefinition<Attributes>): Family<Sum, Attributes> {
    return this.#keep(new Family(definition, () => new Sum()))
  }

  /** @param boundaries is called when the first value arrives. */
  histogram<Attributes extends readonly string[]>(
    definition: MetricDefinition<Attributes>,
    boundaries: () => readonly number[],
  ): Family<Histogram, Attributes> {
    return this.#keep(new Family(definition, () => new Histogram(boundaries())))
  }

  #keep<Value, Attributes extends readonly string[]>(family: Family<Value, Attributes>): Family<Value, Attributes> {
    this.#families.push(family as unknown as Family)
    return family
  }
}
