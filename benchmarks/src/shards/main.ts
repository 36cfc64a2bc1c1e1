import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { workspaceRoot } from '../servers/servers.js'
import { renderPlot } from './plot.js'
import { renderReport } from './report.js'

const { values } = parseArgs({ options: { publish: { type: 'boolean', default: false } } })
const report = renderReport()
if (values.publish) {
  const folder = path.join(workspaceRoot, 'docs')
  mkdirSync(path.join(folder, 'benchmarks'), { recursive: true })
  writeFileSync(path.join(folder, 'EVENT_CAPACITY.md'), report)
  writeFileSync(path.join(folder, 'benchmarks/event-capacity.svg'), renderPlot())
} else {
  process.stdout.write(report)
}
