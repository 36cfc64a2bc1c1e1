import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { boardExpressions, RULES } from '../monitoring/expressions.js'
import { root } from '../workspace.js'
import { prometheusPrograms } from './prometheus-package.js'

let promtool: string
let folder: string
beforeAll(async () => {
  ;({ promtool } = await prometheusPrograms())
  folder = mkdtempSync(path.join(tmpdir(), 'miyabi-rules-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const check = (...args: string[]) => promisify(execFile)(promtool, args, { cwd: root })

describe('promtool', () => {
  it('finds nothing wrong with the rules', async () => {
    const { stdout } = await check('check', 'rules', RULES)
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/)
  })

  it('sees each alert raised by what it is for, and by nothing else', async () => {
    const { stdout } = await check('test', 'rules', 'monitoring/prometheus/rules.test.yml')
    expect(stdout).toContain('SUCCESS')
  })

  it('can read every expression of the board', async () => {
    const rules = boardExpressions().map(({ expr }, i) => ({ record: `board:expression_${i}`, expr }))
    const file = path.join(folder, 'board.yml')
    writeFileSync(file, stringify({ groups: [{ name: 'board', rules }] }))
    const { stdout } = await check('check', 'rules', file)
    expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`)
  })
})
