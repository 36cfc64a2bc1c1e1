import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { findWorkspaceRoot } from './workspace.js'

describe('findWorkspaceRoot', () => {
  it('finds the root from any folder of the workspace, and nothing outside', () => {
    expect(findWorkspaceRoot(import.meta.dirname)).toBe(path.resolve(import.meta.dirname, '../../../..'))
    expect(findWorkspaceRoot(tmpdir())).toBeUndefined()
  })
})
