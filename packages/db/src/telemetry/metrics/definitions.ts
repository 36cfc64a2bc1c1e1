import { conventions } from './conventions.js'
import type { MetricDefinition } from './definition.js'
import { ownMetrics } from './own-metrics.js'

/** Every metric, for generating dashboards or pages. */
export const metricDefinitions: readonly MetricDefinition[] = [
  ...Object.values(conventions),
  ...Object.values(ownMetrics),
]
