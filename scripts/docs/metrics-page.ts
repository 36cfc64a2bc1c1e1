import { type MetricDefinition, metricDefinitions, prometheusName } from '@miyabi/db/telemetry'

/** The page of all metrics. */
export function metricsPage(): string {
  const ofConventions = metricDefinitions.filter(({ name }) => name.startsWith('db.client.'))
  const own = metricDefinitions.filter(({ name }) => !name.startsWith('db.client.'))
  return `# Metrics

<!-- Made by \`pnpm docs:generate\` from packages/db/src/telemetry: edit it there. -->

What \`observe(db)\` and \`serveMetrics(db)\` of \`@miyabi/db/telemetry\` give ([how](../../packages/db/README.md#metrics)). Each has at most 200
series; what is beyond them is in one with the label \`otel_metric_overflow\`. Prometheus' labels are the attributes with \`_\` for \`.\`.

\`server\` stands for \`server.address\`, \`server.port\` and \`db.namespace\`, of DynamoDB for the first two and \`cloud.region\`. The pools are
\`main\`, \`service\`, and \`dynamodb\` for the connections to DynamoDB. \`error.type\` is one of our codes, of a request to DynamoDB the name
that AWS gives; \`db.response.status_code\` the SQLSTATE.

## Of OpenTelemetry's database conventions

${table(ofConventions)}

## Of our own

${table(own)}
`
}

const table = (definitions: readonly MetricDefinition[]): string =>
  [
    '| metric | in Prometheus | kind | unit | attributes | what |',
    '| --- | --- | --- | --- | --- | --- |',
    ...definitions.map((definition) => {
      const { name, kind, unit, attributes, description } = definition
      const listed = attributes.map((attribute) => `\`${attribute}\``).join(', ')
      return `| \`${name}\` | \`${prometheusName(definition)}\` | ${kind} | \`${unit}\` | ${listed} | ${description} |`
    }),
  ].join('\n')
