import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { copyTree } from './copy-tree.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'miyabi-copy-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(path.join(folder, 'source', 'inner'), { recursive: true })
  writeFileSync(path.join(folder, 'source', 'inner', 'file'), 'text', { mode: 0o640 })
})

describe('copyTree', () => {
  const copy = (options: Partial<Parameters<typeof copyTree>[2]> = {}) =>
    copyTree(path.join(folder, 'source'), path.join(folder, 'target'), { folderMode: 0o700, ...options })

  it('copies files with their modes into folders of the given mode', async () => {
    await copy()
    expect(readFileSync(path.join(folder, 'target', 'inner', 'file'), 'utf8')).toBe('text')
    expect(statSync(path.join(folder, 'target', 'inner', 'file')).mode & 0o777).toBe(0o640)
    expect(statSync(path.join(folder, 'target', 'inner')).mode & 0o777).toBe(0o700)
  })

  it('leaves nothing when it cannot be finished', async () => {
    const finish = () => Promise.reject(new Error('no space'))
    await expect(copy({ finish })).rejects.toThrow('no space')
    expect(readdirSync(folder)).toEqual(['source'])
  })

  it('removes the incomplete copy of a killed process', async () => {
    mkdirSync(path.join(folder, `target.new-${2 ** 22 + 1}`, 'inner'), { recursive: true })
    await copy()
    expect(readdirSync(folder).sort()).toEqual(['source', 'target'])
  })

  it('keeps the copy of a process that was faster', async () => {
    mkdirSync(path.join(folder, 'target'))
    writeFileSync(path.join(folder, 'target', 'theirs'), '')
    await copy()
    expect(readdirSync(path.join(folder, 'target'))).toEqual(['theirs'])
  })
})
