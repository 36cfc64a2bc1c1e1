/** What a metric is to those who read it. */
export interface MetricDefinition<Attributes extends readonly string[] = readonly string[]> {
  /** Dotted, as OpenTelemetry names metrics: `db.client.operation.duration`. */
  readonly name: string
  /**
   * `counter`: a sum that only grows. `upDownCounter`: a sum of this moment, which may be added over processes.
   * `gauge`: a value of this moment. `histogram`: how many values fell into each bucket.
   */
  readonly kind: 'counter' | 'upDownCounter' | 'gauge' | 'histogram'
  /** In UCUM, as OpenTelemetry writes units: `s`, `{row}`. */
  readonly unit: string
  readonly description: string
  /** What its series are told apart by, in the order in which values are given. */
  readonly attributes: Attributes
}

/** What one series is told apart by, by attribute. */
export type Labels = Readonly<Record<string, string>>

/**
 * A value of one attribute; undefined where there is none. An object stands for several attributes that belong
 * together, such as those of a server.
 */
export type LabelValue = string | undefined | Labels

/** As many values as a definition has attributes. */
export type LabelValues<Attributes extends readonly string[]> = { readonly [Index in keyof Attributes]: LabelValue }
