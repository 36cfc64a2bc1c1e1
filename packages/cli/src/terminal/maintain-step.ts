import type { PartitionStep, UsageComparison, UsageSums } from '@miyabi/migrate'
import { style } from './style.js'

/** Renders a step of `miyabi maintain`: one line, followed by the comparison. */
export function renderStep(step: PartitionStep, isDryRun: boolean): string {
  const would = isDryRun ? 'would be ' : ''
  if (step.kind === 'made') return `${style('green', `${would}created`)}  ${step.table} ${step.month}`
  const what = `${step.partition}, rows before ${step.until}, ${size(step.bytes)}`
  const lines = step.usage ? comparisonOf(step.usage) : []
  if (step.kind === 'dropped') return [`${style('yellow', `${would}dropped`)}  ${what}`, ...lines].join('\n')
  return [
    `${style('red', `${would}kept`)}     ${what}`,
    ...lines,
    '    correct the sums, or drop the events that differ from them: --force',
  ].join('\n')
}

function comparisonOf({
  differing,
  differences,
  directEvents,
  neighbors,
  sumsWithoutEvents,
}: UsageComparison): string[] {
  const named = differences.map(({ userId, pluginId, period, events, total }) => {
    return `    ${period} ${userId} ${pluginId}: its events sum up to ${sums(events)}, its total is ${total ? sums(total) : 'missing'}`
  })
  return [
    ...(differing === 0 ? [] : [`  ${differing} sums differ from those of the events:`, ...named]),
    ...(differing > differences.length ? [`    and ${differing - differences.length} more`] : []),
    ...(directEvents === 0
      ? []
      : [`  not compared: ${directEvents} uses that were recorded directly, without a quantity`]),
    ...(neighbors === 0 ? [] : [`  not compared: ${neighbors} uses of the month before, less than two days before`]),
    ...(sumsWithoutEvents === 0 ? [] : [`  not compared: ${sumsWithoutEvents} sums without events`]),
  ]
}

const sums = ({ issues, tokens, agentExecutions }: UsageSums): string =>
  `${issues} issues, ${tokens} tokens, agents ${JSON.stringify(agentExecutions)}`

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${(bytes / 1024 ** power).toPrecision(3)} ${units[power]}`
}
