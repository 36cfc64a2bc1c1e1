import { type Logger, sleep } from '@miyabi/core'
import { awsName } from '../errors/map-error.js'
import { readTable, type TableServer } from './actual.js'
import type { TableDefinition } from './definition.js'
import { DestructiveStepsError, TableNotReadyError } from './errors.js'
import type { ApplyOptions } from './options.js'
import { planTable } from './plan.js'
import { runStep } from './run-step.js'
import { waitUntilSettled } from './settled.js'
import type { TableStep, TablesPlan, UnverifiableFact } from './step.js'

/** What was done, and what this server does not report. */
export interface TablesApplied {
  readonly done: readonly TableStep[]
  readonly unverifiable: readonly UnverifiableFact[]
}

/** A table with its definition. */
export interface NamedTable {
  readonly definition: TableDefinition
  /** With the prefix. */
  readonly table: string
}

/** Returns the steps that bring the tables to their definitions, each with the current state. */
export async function planTables(
  server: TableServer,
  tables: readonly NamedTable[],
  signal: AbortSignal | undefined,
): Promise<TablesPlan> {
  const plans = await Promise.all(tables.map((table) => planOne(server, table, signal)))
  return {
    steps: plans.flatMap(({ steps }) => steps),
    unverifiable: plans.flatMap(({ unverifiable }) => unverifiable),
  }
}

async function planOne(
  server: TableServer,
  { definition, table }: NamedTable,
  signal: AbortSignal | undefined,
): Promise<TablesPlan> {
  return planTable(definition, await readTable(server, definition, table, signal), { table, isAws: server.isAws })
}

/**
 * Brings the tables to their definitions, all in parallel and each one step at a time: after each step the table is
 * read and planned again, so two concurrent applies execute each step once.
 *
 * @throws {DestructiveStepsError} before anything is changed.
 * @throws {TableNotReadyError}
 */
export async function applyTables(
  server: TableServer,
  tables: readonly NamedTable[],
  options: ApplyOptions & { readonly logger: Logger },
): Promise<TablesApplied> {
  const { replace = [], signal } = options
  const isAllowed = ({ table, destructive }: TableStep): boolean => !destructive || replace.includes(table)
  const first = await planTables(server, tables, signal)
  refuse(
    first.steps.filter((step) => !isAllowed(step)),
    replace,
  )
  const applied = await Promise.all(tables.map((table) => applyOne(server, table, isAllowed, options)))
  return {
    done: applied.flatMap(({ done }) => done),
    unverifiable: applied.flatMap(({ unverifiable }) => unverifiable),
  }
}

function refuse(steps: readonly TableStep[], replace: readonly string[]): void {
  if (steps.length > 0) throw new DestructiveStepsError(steps, replace)
}

/** The most times the same step is executed when it seems to have had no effect: some AWS responses lag a little. */
const MAX_REPEATS = 10

async function applyOne(
  server: TableServer,
  named: NamedTable,
  isAllowed: (step: TableStep) => boolean,
  options: ApplyOptions & { readonly logger: Logger },
): Promise<TablesApplied> {
  const { signal, logger, replace = [], onProgress = () => {} } = options
  const done: TableStep[] = []
  for (let repeats = 0; ; ) {
    await waitUntilSettled(server.client, named.table, options)
    const { steps, unverifiable } = await planOne(server, named, signal)
    const [step] = steps
    if (step === undefined) return { done, unverifiable }
    if (!isAllowed(step)) refuse([step], replace)
    const isSame = step.does === done.at(-1)?.does
    if (isSame && ++repeats > MAX_REPEATS) throw new TableNotReadyError(step.table, `no effect yet from: ${step.does}`)
    if (isSame) await sleep(1000, signal)
    else repeats = 0
    onProgress({ table: step.table, says: step.does })
    logger.info({ event: 'dynamo.table', table: step.table, step: step.does }, `table ${step.table}: ${step.does}`)
    if (await takeStep(server, named, step, options)) done.push(...(isSame ? [] : [step]))
  }
}

/** AWS's errors while a table is new, or while another process changes it. */
const PASSING = new Set(['ResourceInUseException', 'LimitExceededException', 'ContinuousBackupsUnavailableException'])

/**
 * Whether the step was executed here: a step that fails because another process has executed it, or is about to, is not
 * an error.
 */
async function takeStep(
  server: TableServer,
  named: NamedTable,
  step: TableStep,
  options: ApplyOptions,
): Promise<boolean> {
  const { signal } = options
  for (let attempt = 1; ; attempt++) {
    try {
      await runStep(server, step, signal)
      return true
    } catch (error) {
      await waitUntilSettled(server.client, named.table, options)
      const { steps } = await planOne(server, named, signal)
      if (!steps.some(({ does }) => does === step.does)) return false
      if (!PASSING.has(awsName(error)) || attempt > MAX_REPEATS) throw error
      await sleep(1000, signal)
    }
  }
}
