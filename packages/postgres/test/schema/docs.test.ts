import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../../../..')

it('docs/generated says what the schema says', () => {
  const tsx = path.join(root, 'node_modules/.bin/tsx')
  const { status, stderr } = spawnSync(tsx, ['scripts/docs-generate.ts', '--check'], { cwd: root, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
