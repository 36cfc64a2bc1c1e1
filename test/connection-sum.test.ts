import { readdirSync, readFileSync } from 'node:fs'
import { CONNECTION_SUM, POOL_TIERS } from '@miyabi/postgres'
import { describe, expect, it } from 'vitest'

const pages = [
  '.env.example',
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.startsWith('decisions'))
    .map((file) => `docs/${file}`),
  ...readdirSync('packages').map((name) => `packages/${name}/README.md`),
]
/** As one line, without what sets it off. */
const textOf = (page: string): string =>
  readFileSync(page, 'utf8')
    .replaceAll(/\n#? */g, ' ')
    .replaceAll(/[`*]/g, '')

describe('the sum of connections', () => {
  it('is the same wherever it stands in words', () => {
    const found = pages.flatMap((page) =>
      [...textOf(page).matchAll(/(?:DB_)?(?:instances|processes) x (?:\([^)]*\)|\w+)(?: \+ \w+)?/gi)].map(([sum]) => [
        page,
        sum,
      ]),
    )
    expect(found.length).toBeGreaterThanOrEqual(6)
    for (const [page, sum] of found) expect([page, sum]).toEqual([page, CONNECTION_SUM])
  })

  it('begins with the same sizes wherever they are shown', () => {
    const rows = POOL_TIERS.map(({ maxConnections, minConnections }) => `| ${maxConnections} | ${minConnections} |`)
    for (const page of ['docs/DATABASE_DESIGN.md', 'packages/postgres/README.md']) {
      const text = textOf(page)
      expect(rows.filter((row) => !text.includes(row))).toEqual([])
    }
  })
})
