import type { Finding } from '@miyabi/core'
import { style } from '../terminal/output.js'
import type { GroupReport } from './examine.js'

/** A line a group, with what it found below. */
export function renderReports(reports: readonly GroupReport[]): string {
  const width = Math.max(...reports.map(({ name }) => name.length))
  const lines = reports.flatMap((report) => [
    `${style('bold', report.name.padEnd(width))}  ${verdict(report)}`,
    ...renderFindings(report.findings),
  ])
  const found = reports.reduce((sum, { findings }) => sum + findings.length, 0)
  const unknown = reports.filter(({ state }) => state === 'unknown').length
  const sum = [
    found === 0 ? 'nothing found' : `${found} found`,
    ...(unknown === 0 ? [] : [`${unknown} of ${reports.length} groups could not tell`]),
  ]
  return [...lines, '', sum.join('; ')].join('\n')
}

function verdict({ state, findings, reason }: GroupReport): string {
  if (state === 'clean') return style('green', 'clean')
  if (state === 'unknown') return `${style('yellow', 'could not tell')}: ${reason}`
  return style('red', `${findings.length} found`)
}

/** Under the name of each check what it found. */
function renderFindings(findings: readonly Finding[]): string[] {
  const checks = [...new Set(findings.map(({ check }) => check))]
  return checks.flatMap((check) => {
    const own = findings.filter((finding) => finding.check === check)
    const remedies = [...new Set(own.map(({ remedy }) => remedy))]
    return [
      `  ${style('dim', check)}`,
      // What one remedy mends stands above it, together.
      ...remedies.flatMap((remedy) => [
        ...own.filter((finding) => finding.remedy === remedy).map(renderFinding),
        `      ${style('cyan', remedy)}`,
      ]),
    ]
  })
}

const renderFinding = ({ object, problem }: Finding): string =>
  `    ${object === undefined ? problem : `${object}: ${problem}`}`
