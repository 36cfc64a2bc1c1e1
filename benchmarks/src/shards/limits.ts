/** What DynamoDB takes, and since when it says so. */
export const limits = {
  /** Write units a second of one partition, and so of one partition key whose sort keys only grow. */
  partitionWriteUnits: 1000,
  /** What the plans are made for: the rest is room for the chance of a second. */
  targetUse: 0.7,
  /** On-demand write units a second of a table or an index until a quota is raised. */
  tableWriteUnits: 40_000,
  /** Write units a second that a new on-demand table takes at once; warm throughput raises it. */
  initialWriteUnits: 4000,
  sources: [
    'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html',
    'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html',
    'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html',
  ],
} as const

/** Prices in US dollars, before taxes and free tiers. To plan for another region, put its prices here. */
export const prices = {
  region: 'us-east-1',
  source:
    'https://aws.amazon.com/dynamodb/pricing/ (standard table class; on-demand as lowered in November 2024, also in https://airbyte.com/data-engineering-resources/dynamodb-pricing). They change: look before you budget',
  writeRequestUnit: 0.625e-6,
  readRequestUnit: 0.125e-6,
  writeUnitHour: 0.00065,
  gigabyteMonth: 0.25,
  /** DynamoDB counts so many bytes more for each item that it stores. */
  itemOverheadBytes: 100,
} as const
