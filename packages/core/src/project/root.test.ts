import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findProjectRoot } from './root.js'

describe('findProjectRoot', () => {
  it('finds the workspace from any folder of it, and nothing outside of a project', () => {
    expect(findProjectRoot(import.meta.dirname)).toBe(path.resolve(import.meta.dirname, '../../../..'))
    expect(findProjectRoot(tmpdir())).toBeUndefined()
  })

  it.each(['package-lock.json', 'yarn.lock', 'bun.lock', 'pnpm-lock.yaml'])(
    'takes the folder of %s for the root, and a package below it for a part',
    (lockfile) => {
      const root = mkdtempSync(path.join(realpathSync(tmpdir()), 'miyabi-project-'))
      onTestFinished(() => rmSync(root, { recursive: true }))
      const part = path.join(root, 'packages/part')
      mkdirSync(path.join(part, 'src'), { recursive: true })
      writeFileSync(path.join(part, 'package.json'), '{}')
      expect(findProjectRoot(path.join(part, 'src'))).toBe(part)
      writeFileSync(path.join(root, lockfile), '')
      expect(findProjectRoot(path.join(part, 'src'))).toBe(root)
    },
  )
})
