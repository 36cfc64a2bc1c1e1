import { asTyped, type Finding } from '@miyabi/core'
import { bold, cyan, dim, style } from '../terminal/style.js'
import { wrap } from '../terminal/wrap.js'
import type { GroupReport } from './examine.js'

/** One line per group, with its findings below, within `columns`. */
export function renderReports(reports: readonly GroupReport[], columns: number = Number.POSITIVE_INFINITY): string {
  const width = Math.max(...reports.map(({ name }) => name.length))
  const lines = reports.flatMap((report) => [
    `${bold(report.name.padEnd(width))}  ${verdict(report)}`,
    ...renderFindings(report.findings, columns),
  ])
  const found = reports.reduce((sum, { findings }) => sum + findings.length, 0)
  const unknown = reports.filter(({ state }) => state === 'unknown').length
  const sum = [
    found === 0 ? 'nothing found' : `${found} found`,
    ...(unknown === 0 ? [] : [`${unknown} of ${reports.length} groups unknown`]),
  ]
  return [...lines, '', sum.join('; ')].join('\n')
}

function verdict({ state, findings, reason }: GroupReport): string {
  if (state === 'clean') return style('green', 'clean')
  if (state === 'unknown') return `${style('yellow', 'unknown')}: ${reason}`
  return style('red', `${findings.length} found`)
}

/** Findings below the name of their check. */
function renderFindings(findings: readonly Finding[], columns: number): string[] {
  const indented = (text: string, indent: number): readonly string[] =>
    wrap(text, columns - indent).map((line) => ' '.repeat(indent) + line)
  const checks = [...new Set(findings.map(({ check }) => check))]
  return checks.flatMap((check) => {
    const own = findings.filter((finding) => finding.check === check)
    const remedies = [...new Set(own.map(({ remedy }) => remedy))]
    return [
      `  ${dim(check)}`,
      // Findings with the same remedy are together, above it.
      ...remedies.flatMap((remedy) => [
        ...own.filter((finding) => finding.remedy === remedy).flatMap((finding) => indented(textOf(finding), 4)),
        ...indented(asTyped(remedy), 6).map(cyan),
      ]),
    ]
  })
}

const textOf = ({ object, problem }: Finding): string => (object === undefined ? problem : `${object}: ${problem}`)
