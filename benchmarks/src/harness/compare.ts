import type { ContenderResult, Plan, TableResult } from './result.js'
import { runSlice, type Slice } from './slice.js'
import { quantile } from './statistics.js'
import type { Contender, Workload } from './workload.js'

/** Contenders that fail are told with their first failure; a message may be long. */
const MESSAGE_LENGTH = 200

/**
 * Measures one table. The contenders take turns in slices, in another order each round, so that whatever else the
 * machine does, and what a slice leaves behind for the next one, falls on all of them; the base takes part twice.
 */
export async function compare(workload: Workload, concurrency: number, plan: Plan): Promise<TableResult> {
  const [base] = workload.contenders
  const twin: Contender = { ...base, name: `${base.name} (again)` }
  const contenders = [base, twin, ...workload.contenders.slice(1)]
  const { single = false } = workload
  const rounds = single ? plan.singleRounds : plan.rounds
  const sliceMs = single ? 0 : plan.sliceMs
  let turn = 0
  const turns = (): number => turn++

  await workload.reset?.()
  if (plan.warmUpMs > 0) {
    for (const contender of contenders) await runSlice(contender, concurrency, single ? 0 : plan.warmUpMs, turns)
  }

  const slices = new Map<string, Slice[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of inOrderOf(round, contenders)) {
      slices.get(contender.name)?.push(await runSlice(contender, concurrency, sliceMs, turns))
    }
  }
  return {
    workload: workload.name,
    about: workload.about,
    concurrency,
    single,
    base: base.name,
    twin: twin.name,
    contenders: [...slices].map(([name, own]) => toResult(name, own)),
  }
}

/** Moves on by one each round, and back to front every other. */
function inOrderOf<T>(round: number, items: readonly T[]): T[] {
  const start = round % items.length
  const order = [...items.slice(start), ...items.slice(0, start)]
  return round % 2 === 0 ? order : order.reverse()
}

function toResult(contender: string, slices: readonly Slice[]): ContenderResult {
  const latencies = slices.flatMap(({ latenciesUs }) => latenciesUs)
  const errors = slices.flatMap((slice) => slice.errors)
  const [first] = errors
  // Rounds are compared pair by pair, so one in which nothing succeeded leaves the contender without figures.
  const done = slices.every(({ operations }) => operations > 0) ? slices : []
  const readUnits = done.flatMap(({ readUnits: units, operations }) =>
    units === undefined ? [] : [units / operations],
  )
  const stale = slices.flatMap((slice) => slice.stale ?? [])
  return {
    contender,
    roundsMs: done.map(({ elapsedMs, operations }) => significant(elapsedMs / operations)),
    roundsCpuUs: done.map(({ cpuUs, operations }) => significant(cpuUs / operations)),
    ...(readUnits.length === 0 ? {} : { roundsReadUnits: readUnits.map(significant) }),
    ...(stale.length === 0 ? {} : { staleShare: significant(sum(stale) / Math.max(1, latencies.length)) }),
    latencyUs: { p50: significant(quantile(latencies, 0.5)), p99: significant(quantile(latencies, 0.99)) },
    errors: errors.length,
    ...(first === undefined ? {} : { firstError: first.message.slice(0, MESSAGE_LENGTH) }),
  }
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)

/** Four digits: more would only say how the noise fell. */
const significant = (value: number): number => Number(value.toPrecision(4))
