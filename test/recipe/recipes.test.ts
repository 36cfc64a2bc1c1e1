import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../workspace.js'
import { apply, type Edit, isEdit } from './guide.js'
import { readRecipes } from './recipes.js'

const recipes = readRecipes()
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'miyabi-recipes-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Files that a recipe changes are copied when the first recipe comes to them. */
function applyTo(edit: Edit): string {
  const { file } = edit
  const copy = path.join(folder, file)
  if (existsSync(path.join(root, file)) && !existsSync(copy)) {
    mkdirSync(path.dirname(copy), { recursive: true })
    cpSync(path.join(root, file), copy)
  }
  return apply(edit, folder)
}

describe('the recipes of CONTRIBUTING.md', () => {
  it('are there for each of the usual changes, each with a command that proves it and what fails without a step', () => {
    expect(recipes.map(({ name }) => name)).toEqual([
      'a setting',
      'an error code',
      'a column with its grants',
      'a table',
      'an access pattern',
      'an entity',
      'a command',
      'a metric',
      'an effect',
      'a benchmark',
    ])
    for (const { name, steps, text } of recipes.filter(({ name }) => name !== 'a table')) {
      expect(steps.filter(isEdit).length, name).toBeGreaterThan(1)
      expect(steps.at(-1)?.kind, name).toBe('run')
      expect(text, name).toContain('| forgotten | what fails |')
    }
  })

  it('change files that are there, at lines that they have, into code that the linter and formatter accept', () => {
    // A migration has its name from the command that writes it: the whole run makes it.
    const edits = recipes.flatMap(({ steps }) => steps.filter(isEdit)).filter(({ file }) => !file.includes('*'))
    const changed = new Set(edits.map(applyTo))
    const code = [...changed].filter((file) => /\.(ts|json)$/.test(file) && !file.startsWith('monitoring/'))
    cpSync(path.join(root, 'biome.json'), path.join(folder, 'biome.json'))
    cpSync(path.join(root, 'scripts/lint'), path.join(folder, 'scripts/lint'), { recursive: true, force: false })
    const biome = path.join(root, 'node_modules/@biomejs/biome/bin/biome')
    const args = [biome, 'check', '--write', '--vcs-enabled=false', '--error-on-warnings', ...code]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
  })
})
