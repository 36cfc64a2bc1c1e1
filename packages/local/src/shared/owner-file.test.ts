import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { startMark } from '@miyabi/core'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { claimFolder, findOwner, type Owner } from './owner-file.js'

const control = { port: 4000, token: 'secret' }
let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'miyabi-owner-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

function writeOwner(number: number, owner: Partial<Owner>): string {
  const file = path.join(folder, `owner.${number}.json`)
  writeFileSync(
    file,
    JSON.stringify({ pid: process.pid, started: startMark(process.pid), ...control, held: false, ...owner }),
  )
  return file
}

describe('claimFolder', () => {
  it('makes this process the owner, until it releases the folder', () => {
    const claim = claimFolder(folder, control)
    expect(claim).toMatchObject({ inheritedHold: false })
    expect(findOwner(folder)).toMatchObject({ ...control, pid: process.pid, held: false })
    claim?.release()
    expect(findOwner(folder)).toBeUndefined()
    expect(readdirSync(folder)).toEqual([])
  })

  it('withdraws if the owner is alive', () => {
    expect(claimFolder(folder, control)).toBeDefined()
    expect(claimFolder(folder, control)).toBeUndefined()
  })

  it('takes over from a dead owner and keeps its hold', () => {
    writeOwner(4, { pid: 2 ** 22 + 1, held: true })
    expect(claimFolder(folder, control)?.inheritedHold).toBe(true)
    expect(readdirSync(folder)).toEqual(['owner.5.json'])
    expect(findOwner(folder)?.held).toBe(true)
  })

  it('does not mistake a process with the id of a dead owner for that owner', () => {
    writeOwner(1, { started: 'at another time' })
    expect(claimFolder(folder, control)).toBeDefined()
  })

  it('withdraws if another process is writing its file at this moment, but not for long', () => {
    const file = path.join(folder, 'owner.1.json')
    writeFileSync(file, '')
    expect(claimFolder(folder, control)).toBeUndefined()
    expect(readFileSync(file, 'utf8')).toBe('')
    const longAgo = new Date(Date.now() - 60_000)
    utimesSync(file, longAgo, longAgo)
    expect(claimFolder(folder, control)).toBeDefined()
  })

  it('does not wait for a broken file of the future, as after a clock was set back', () => {
    const file = path.join(folder, 'owner.1.json')
    writeFileSync(file, '{bad')
    const later = new Date(Date.now() + 3_600_000)
    utimesSync(file, later, later)
    expect(claimFolder(folder, control)).toBeDefined()
  })

  it('detects that it no longer owns the folder, and then leaves it unchanged', () => {
    const claim = claimFolder(folder, control)
    expect(claim?.isOurs()).toBe(true)
    rmSync(folder, { recursive: true })
    expect(claim?.isOurs()).toBe(false)
    mkdirSync(folder)
    const next = claimFolder(folder, { port: 4001, token: 'of another' })
    expect(claim?.isOurs()).toBe(false)
    claim?.release()
    expect(next?.isOurs()).toBe(true)
  })

  it('remembers a hold in the file', () => {
    const claim = claimFolder(folder, control)
    claim?.setHeld(true)
    expect(findOwner(folder)?.held).toBe(true)
  })
})
