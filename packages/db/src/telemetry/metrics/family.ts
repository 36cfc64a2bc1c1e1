import type { Labels, LabelValue, LabelValues, MetricDefinition } from './definition.js'

/** The most series of one metric, whatever tables, texts and errors occur: the last one collects the rest. */
export const MAX_SERIES = 200

/** OpenTelemetry's own name for the series that collects those beyond the limit. */
export const OVERFLOW = 'otel.metric.overflow'

/** The form of a name, a code or an operation. Nothing else becomes a label: no SQL, no address, no sentence. */
const NAME = /^[\w.:/-]{1,255}$/

export interface Series<Value> {
  readonly labels: Labels
  readonly value: Value
}

type Node<Value> = Map<LabelValue, Node<Value> | Series<Value>>

/** All series of one metric. Finding one costs one map lookup for each attribute, and allocates nothing. */
export class Family<Value = unknown, Attributes extends readonly string[] = readonly string[]> {
  readonly definition: MetricDefinition<Attributes>
  readonly #make: () => Value
  #root: Node<Value> = new Map()
  #all: Series<Value>[] = []
  #overflow: Series<Value> | undefined

  /** @param make creates the value of a new series. */
  constructor(definition: MetricDefinition<Attributes>, make: () => Value) {
    this.definition = definition
    this.#make = make
  }

  /** Every series, in the order in which they came. */
  get series(): readonly Series<Value>[] {
    return this.#all
  }

  /** The value of the series with these labels, created if there is none; beyond the limit, that of the rest. */
  at(...values: LabelValues<Attributes>): Value {
    const found = this.#find(values)
    if (found) return found.value
    const named = values.map(asName)
    return (this.#find(named) ?? this.#add(named)).value
  }

  /** Removes every series: for metrics that are read completely each time. */
  clear(): void {
    this.#root = new Map()
    this.#all = []
    this.#overflow = undefined
  }

  #find(values: readonly LabelValue[]): Series<Value> | undefined {
    if (values.length === 0) return this.#all[0]
    let node: Node<Value> | Series<Value> | undefined = this.#root
    for (let i = 0; i < values.length && node !== undefined; i += 1) node = (node as Node<Value>).get(values[i])
    return node as Series<Value> | undefined
  }

  #add(values: readonly LabelValue[]): Series<Value> {
    if (this.#all.length >= MAX_SERIES - 1) return this.#rest()
    const series = this.#keep(labelsOf(this.definition.attributes, values))
    let node = this.#root
    for (const value of values.slice(0, -1)) {
      const next = (node.get(value) as Node<Value> | undefined) ?? new Map()
      node.set(value, next)
      node = next
    }
    node.set(values.at(-1), series)
    return series
  }

  #rest(): Series<Value> {
    this.#overflow ??= this.#keep({ [OVERFLOW]: 'true' })
    return this.#overflow
  }

  #keep(labels: Labels): Series<Value> {
    const series = { labels, value: this.#make() }
    this.#all.push(series)
    return series
  }
}

const asName = (value: LabelValue): LabelValue => (typeof value !== 'string' || NAME.test(value) ? value : 'other')

function labelsOf(attributes: readonly string[], values: readonly LabelValue[]): Labels {
  const labels: Record<string, string> = {}
  attributes.forEach((attribute, i) => {
    const value = values[i]
    if (typeof value === 'string') labels[attribute] = value
    else Object.assign(labels, value)
  })
  return labels
}
