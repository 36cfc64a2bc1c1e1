import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')

describe('generated pages', () => {
  it('say what the code says', async () => {
    const tsx = path.join(root, 'node_modules/tsx/dist/cli.mjs')
    const args = [tsx, 'scripts/docs-generate.ts', '--check']
    const stale = await promisify(execFile)(process.execPath, args, { cwd: root }).then(
      () => '',
      (error: { readonly stderr: string }) => error.stderr,
    )
    expect(stale).toBe('')
  })
})
