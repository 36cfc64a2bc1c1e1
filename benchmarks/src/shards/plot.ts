import { fewestShards, ruleShards } from './simulate.js'
import { type Kind, kinds, traffic } from './traffic.js'

const SIZE = { width: 720, height: 400, left: 60, right: 150, top: 40, bottom: 50 }
const RATES = [1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6]
const MOST_SHARDS = 1000
const COLORS: Readonly<Record<Kind, string>> = { types: '#08306b', users: '#d95f02', repositories: '#1b9e77' }

const x = (rate: number): number =>
  round(SIZE.left + ((SIZE.width - SIZE.left - SIZE.right) * Math.log10(rate / 1e3)) / 3)
const y = (shards: number): number =>
  round(
    SIZE.height - SIZE.bottom - ((SIZE.height - SIZE.top - SIZE.bottom) * Math.log10(shards)) / Math.log10(MOST_SHARDS),
  )
const round = (value: number): number => Number(value.toFixed(1))

/** Shards of the hottest key against the rate: a line by the rule, a dot for the fewest that the simulation finds. */
export function renderPlot(): string {
  const { width, height, left, right, top, bottom } = SIZE
  const ticksX = [1e3, 1e4, 1e5, 1e6].map(
    (rate) =>
      `<line x1="${x(rate)}" x2="${x(rate)}" y1="${top}" y2="${height - bottom}" stroke="#ddd"/>` +
      `<text x="${x(rate)}" y="${height - bottom + 16}" text-anchor="middle">${rate.toLocaleString('en')}</text>`,
  )
  const ticksY = [1, 10, 100, 1000].map(
    (shards) =>
      `<line x1="${left}" x2="${width - right}" y1="${y(shards)}" y2="${y(shards)}" stroke="#ddd"/>` +
      `<text x="${left - 8}" y="${y(shards) + 4}" text-anchor="end">${shards}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="#222">`,
    '<title>Shards that the hottest key needs, by events per second</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="20" font-size="13">Shards of the hottest key, items of up to 1 KB. Lines: the rule. Dots: the fewest in the simulation.</text>`,
    ...ticksX,
    ...ticksY,
    `<text x="${(left + width - right) / 2}" y="${height - 12}" text-anchor="middle">events per second, in total</text>`,
    ...kinds.map(drawKind),
    '</svg>\n',
  ].join('\n')
}

function drawKind(kind: Kind): string {
  const [share = 0] = traffic[kind].shares
  const color = COLORS[kind]
  const line = RATES.map((rate) => `${x(rate)},${y(ruleShards(share, rate, 1))}`).join(' ')
  const dots = RATES.map((rate) => {
    const shards = fewestShards(share, { rate, writeUnits: 1, seconds: 300, seed: 1 })
    return `<circle cx="${x(rate)}" cy="${y(shards)}" r="3.5" fill="${color}"/>`
  })
  const end = y(ruleShards(share, 1e6, 1))
  const label = `<text x="${x(1e6) + 10}" y="${end + 4}" fill="${color}">${kind} (${(share * 100).toFixed(1)}%)</text>`
  return `<polyline points="${line}" fill="none" stroke="${color}" stroke-width="1.5"/>${dots.join('')}${label}`
}
