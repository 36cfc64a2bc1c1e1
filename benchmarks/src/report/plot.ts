import type { SuiteResult, TableResult } from '../harness/result.js'
import { type Figures, figuresOf, noiseOf } from './figures.js'

const PANEL = { width: 480, left: 190, right: 20, top: 30, bottom: 34, row: 15 }
const LEGEND_HEIGHT = 34
/** From the fewest workers to the most. */
const COLORS = ['#74a9cf', '#2b7bba', '#08306b']
const TICKS = [0.01, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256]

/** A dot for each contender and number of workers, by its time ratio; a panel a workload, the noise shaded. */
export function renderPlot({ suite, tables }: SuiteResult): string {
  const names = [...new Set(tables.map(({ workload }) => workload))]
  const panels = names.map((name) => tables.filter(({ workload }) => workload === name))
  const drawn: string[] = []
  let top = LEGEND_HEIGHT
  for (let index = 0; index < panels.length; index += 2) {
    const pair = panels.slice(index, index + 2)
    drawn.push(...pair.map((panel, column) => drawPanel(panel, column * PANEL.width, top)))
    top += Math.max(...pair.map(heightOf))
  }
  const width = PANEL.width * 2
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="11" fill="#222">`,
    `<title>Time ratios of the ${suite} suite</title>`,
    `<rect width="${width}" height="${top}" fill="#fff"/>`,
    drawLegend(tables),
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

/** What each number of workers is drawn in. */
function drawLegend(tables: readonly TableResult[]): string {
  const workers = [...new Set(tables.filter(({ single }) => !single).map(({ concurrency }) => concurrency))]
  const marks = workers.map(
    (number, index) =>
      `<circle cx="${420 + index * 110}" cy="14" r="4" fill="${COLORS[index]}"/><text x="${430 + index * 110}" y="18">${number} concurrent</text>`,
  )
  return `<text x="10" y="18">Time ratio to the base, on a log scale: left is faster. Shaded: the noise.</text>${marks.join('')}`
}

/** One workload; the rows are the contenders of its first table. */
function drawPanel(panel: readonly TableResult[], x: number, y: number): string {
  const [first] = panel
  if (first === undefined) return ''
  const all = panel.map((table) => figuresOf(table).filter(({ verdict }) => verdict !== 'noise'))
  const ratios = all.flat().flatMap(({ ratio }) => ratio?.median ?? [])
  const scale = scaleOf(Math.min(0.8, ...ratios), Math.max(1.25, ...ratios))
  const bottom = heightOf(panel) - PANEL.bottom
  const ticks = TICKS.filter((tick) => tick >= scale.from && tick <= scale.to)
  const noise = Math.max(...panel.map((table) => noiseOf(table).high))
  const [low, high] = [scale.at(Math.max(1 / noise, scale.from)), scale.at(Math.min(noise, scale.to))]
  return [
    `<g transform="translate(${x} ${y})">`,
    `<text x="10" y="16" font-weight="bold">${escapeXml(first.workload)}</text>`,
    `<rect x="${low}" y="${PANEL.top - 6}" width="${round(high - low)}" height="${bottom - PANEL.top + 6}" fill="#eee"/>`,
    ...ticks.map((tick) => drawTick(tick, scale.at(tick), bottom)),
    ...(all[0] ?? []).map(({ result }, row) => {
      const label = `<text x="${PANEL.left - 10}" y="${rowY(row) + 4}" text-anchor="end">${escapeXml(result.contender)}</text>`
      return label + all.map((figures, index) => drawDot(figures[row], scale, rowY(row), index)).join('')
    }),
    '</g>',
  ].join('\n')
}

const drawTick = (tick: number, x: number, bottom: number): string =>
  `<line x1="${x}" x2="${x}" y1="${PANEL.top - 6}" y2="${bottom}" stroke="${tick === 1 ? '#888' : '#ddd'}"/>` +
  `<text x="${x}" y="${bottom + 14}" text-anchor="middle" fill="#666">${tick}</text>`

function drawDot(figures: Figures | undefined, scale: Scale, y: number, index: number): string {
  if (figures?.ratio === undefined) return ''
  return `<circle cx="${scale.at(figures.ratio.median)}" cy="${y}" r="4" fill="${COLORS[index] ?? '#222'}" fill-opacity="0.85"/>`
}

interface Scale {
  readonly from: number
  readonly to: number
  readonly at: (ratio: number) => number
}

/** Logarithmic, from a tick to a tick where there are such. */
function scaleOf(least: number, most: number): Scale {
  const from = TICKS.findLast((tick) => tick <= least) ?? least
  const to = TICKS.find((tick) => tick >= most) ?? most
  const width = PANEL.width - PANEL.left - PANEL.right
  const at = (ratio: number): number => round(PANEL.left + (width * Math.log(ratio / from)) / Math.log(to / from))
  return { from, to, at }
}

const rowY = (row: number): number => PANEL.top + 4 + row * PANEL.row

/** The base's second name has no row of its own: it is the shade. */
const heightOf = (panel: readonly TableResult[]): number =>
  PANEL.top + ((panel[0]?.contenders.length ?? 1) - 1) * PANEL.row + PANEL.bottom

const round = (value: number): number => Number(value.toFixed(1))

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
