import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CatalogDifference } from '../catalog/diff.js'
import { readAcceptances, weighDrift } from './accepted.js'

function folderWith(text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-drift-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(path.join(folder, 'drift-accepted.txt'), text)
  return folder
}

const unexpected = (kind: CatalogDifference['kind'], name: string, on?: string): CatalogDifference => ({
  change: 'unexpected',
  kind,
  name,
  ...(on !== undefined && { on }),
})

describe('weighDrift', () => {
  const FILE = `# other people's things
schema cron: the jobs of pg_cron, which the operators install
extension pg_stat_statements: monitoring
table public.legacy: read by the reports until June

view public.gone: nothing of it is left
`

  it('sets apart what is agreed to with its reason, and names what nothing needs any more', () => {
    const kept = [
      unexpected('schema', 'crony'),
      unexpected('column', 'public.users.extra', 'public.users'),
      unexpected('index', 'public.legacy_idx', 'public.legacy2'),
    ]
    const agreed = [
      unexpected('schema', 'cron'),
      unexpected('table', 'cron.job'),
      unexpected('policy', 'own on cron.job', 'cron.job'),
      unexpected('grant', 'USAGE on schema cron to reader', 'cron'),
      unexpected('default privilege', 'SELECT on new tables in cron of boss to reader'),
      unexpected('extension', 'pg_stat_statements'),
      unexpected('table', 'public.legacy'),
      unexpected('column', 'public.legacy.id', 'public.legacy'),
    ]
    const weighed = weighDrift([...kept, ...agreed], readAcceptances(folderWith(FILE)))
    expect(weighed.differences).toEqual(kept)
    expect(weighed.accepted.map(({ name }) => name)).toEqual(agreed.map(({ name }) => name))
    expect(weighed.accepted[0]?.reason).toBe('the jobs of pg_cron, which the operators install')
    expect(weighed.unused).toMatchObject([{ line: 6, kind: 'view', name: 'public.gone' }])
  })

  it.each(['schema cron', 'schema cron:', 'schemas cron: why', 'cron: why'])(
    'refuses the line %j, which gives no kind or no reason',
    (line) => {
      expect(() => readAcceptances(folderWith(`# first\n${line}\n`))).toThrow(/line 2/)
    },
  )

  it('agrees to nothing without a file', () => {
    expect(readAcceptances(path.join(tmpdir(), 'nowhere'))).toEqual([])
  })
})
