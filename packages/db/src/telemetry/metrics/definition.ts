/** The definition of a metric, for its readers. */
export interface MetricDefinition<Attributes extends readonly string[] = readonly string[]> {
  /** Dotted, as OpenTelemetry names metrics: `db.client.operation.duration`. */
  readonly name: string
  /**
   * `counter`: a sum that only grows. `upDownCounter`: a current sum, which may be added over processes. `gauge`: a
   * current value. `histogram`: how many values fell into each bucket.
   */
  readonly kind: 'counter' | 'upDownCounter' | 'gauge' | 'histogram'
  /** In UCUM, as OpenTelemetry writes units: `s`, `{row}`. */
  readonly unit: string
  readonly description: string
  /** The attributes that distinguish its series, in the order in which values are passed. */
  readonly attributes: Attributes
}

/** The attributes of one series. */
export type Labels = Readonly<Record<string, string>>

/**
 * A value of one attribute; undefined if there is none. An object provides several attributes that belong together,
 * such as those of a server.
 */
export type LabelValue = string | undefined | Labels

/** As many values as a definition has attributes. */
export type LabelValues<Attributes extends readonly string[]> = { readonly [Index in keyof Attributes]: LabelValue }
