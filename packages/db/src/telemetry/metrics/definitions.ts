import { conventions } from './conventions.js'
import type { MetricDefinition } from './definition.js'
import { ownMetrics } from './own-metrics.js'

/** Every metric that there is, for whoever makes dashboards or pages of them. */
export const metricDefinitions: readonly MetricDefinition[] = [
  ...Object.values(conventions),
  ...Object.values(ownMetrics),
]
