import { defaultShards } from '@miyabi/dynamo'
import { limits, prices } from './limits.js'
import { fewestShards, ruleShards, throttledShare } from './simulate.js'
import { type Kind, kinds, traffic } from './traffic.js'

export const rates = [1_000, 10_000, 100_000, 1_000_000] as const

/** Five minutes of each case. */
const SECONDS = 300
const SEED = 1

/** The table, and an index for users and one for repositories: each takes the whole item. */
const COPIES = 3
const MONTH_SECONDS = 30 * 86_400
const RETENTION_SECONDS = 90 * 86_400

/** What one kind of key needs at one rate. */
export interface KindNeeds {
  readonly kind: Kind
  /**
   * The events refused with one shard for every key, with the default plan, and with the rule for each key: shares of
   * all.
   */
  readonly refusedByOne: number
  readonly refusedByDefault: number
  readonly refusedByRule: number
  /** Events a second of the hottest key. */
  readonly hottestRate: number
  readonly ruleShards: number
  readonly fewestShards: number
  /** Keys that the rule gives more shards than the default plan. */
  readonly namedKeys: number
}

export function needsOf(kind: Kind, rate: number, writeUnits: number): KindNeeds {
  const load = { rate, writeUnits, seconds: SECONDS, seed: SEED }
  const { shares } = traffic[kind]
  const [hottest = 0] = shares
  const rule = (key: number): number => ruleShards(shares[key] ?? 0, rate, writeUnits)
  const byDefault = defaultShards[kind]
  return {
    kind,
    refusedByOne: throttledShare(shares, () => 1, load),
    refusedByDefault: throttledShare(shares, () => byDefault, load),
    refusedByRule: throttledShare(shares, (key) => Math.max(byDefault, rule(key)), load),
    hottestRate: rate * hottest,
    ruleShards: rule(0),
    fewestShards: fewestShards(hottest, load),
    namedKeys: shares.filter((_, key) => rule(key) > byDefault).length,
  }
}

export const allNeeds = (rate: number, writeUnits: number): KindNeeds[] =>
  kinds.map((kind) => needsOf(kind, rate, writeUnits))

/** What a key needs that has so much of all traffic for itself. */
export function hotKey(share: number, rate: number) {
  return {
    rule: ruleShards(share, rate, 1),
    fewest: fewestShards(share, { rate, writeUnits: 1, seconds: SECONDS, seed: SEED }),
    refusedByOne: throttledShare([share], () => 1, { rate, writeUnits: 1, seconds: SECONDS, seed: SEED }),
  }
}

/** Capacity and cost of a constant rate, for items of `bytes`, each with a user and a repository. */
export function costOf(rate: number, bytes: number) {
  const writeUnits = Math.ceil(bytes / 1024)
  const unitsASecond = rate * writeUnits
  const stored = (rate * RETENTION_SECONDS * (bytes + prices.itemOverheadBytes) * COPIES) / 1e9
  return {
    writeUnits,
    /** Of the table, and as many of each index. */
    unitsASecond,
    overQuota: unitsASecond > limits.tableWriteUnits,
    overInitial: unitsASecond > limits.initialWriteUnits,
    onDemand: unitsASecond * COPIES * MONTH_SECONDS * prices.writeRequestUnit,
    provisioned: ((unitsASecond * COPIES) / limits.targetUse) * (MONTH_SECONDS / 3600) * prices.writeUnitHour,
    storedGigabytes: stored,
    storage: stored * prices.gigabyteMonth,
  }
}

/**
 * What a page costs, as `@miyabi/dynamo` reads it: every shard is asked for its likely share of one item more than the
 * page has.
 */
export function pageOf(shards: number, limit: number, bytes: number) {
  const wanted = limit + 1
  const asked = Math.min(wanted, Math.ceil((wanted / shards) * 1.5) + 2)
  const units = shards * Math.max(0.5, Math.ceil((asked * bytes) / 4096) * 0.5)
  return { asked, units, dollarsForAMillion: units * 1e6 * prices.readRequestUnit }
}
