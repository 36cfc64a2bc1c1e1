import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadEnvFile } from './env-file.js'

describe('loadEnvFile', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'miyabi-env-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('adds nothing where there is no file', () => {
    const env = { A: '1' }
    loadEnvFile(folder, env)
    expect(env).toEqual({ A: '1' })
  })

  it('adds what is not set and keeps what is, a blank included', () => {
    writeFileSync(path.join(folder, '.env'), '# comment\nA=file\nB="quoted # text"\nC=file\n')
    const env: Record<string, string | undefined> = { A: 'set', C: '' }
    loadEnvFile(folder, env)
    expect(env).toEqual({ A: 'set', B: 'quoted # text', C: '' })
  })
})
