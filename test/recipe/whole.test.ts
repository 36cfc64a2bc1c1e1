import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, it } from 'vitest'
import { apply } from './guide.js'
import { readRecipes } from './recipes.js'
import { type Scratch, scratchClone } from './scratch.js'

/** Writes a file that a later step changes. */
const WRITES = 'pnpm db:migrate new '
/** What continuous integration checks besides tests. */
const CHECKS = ['pnpm lint', 'pnpm typecheck', 'pnpm knip', 'pnpm docs:check', 'pnpm db:migrate lint']

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-recipes-'))
let scratch: Scratch
beforeAll(() => {
  scratch = scratchClone(folder)
}, 900_000)
afterAll(() => {
  scratch.run('pnpm db:down')
  rmSync(folder, { recursive: true, force: true })
}, 120_000)

it('all recipes of CONTRIBUTING.md can be followed, one after the other', () => {
  for (const { steps } of readRecipes()) {
    for (const step of steps) {
      if (step.kind === 'edit') apply(step, folder)
      else if (step.command.startsWith(WRITES)) scratch.run(step.command)
    }
  }
  scratch.run('pnpm format')
}, 900_000)

it.each(proofs())('%s passes after all of them', (command) => scratch.run(command), 900_000)

/** The commands that prove the recipes, and the checks, once each, in their order. */
function proofs(): string[] {
  const commands = readRecipes().flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === 'run' && !step.command.startsWith(WRITES) ? [step.command] : [])),
  )
  return [...new Set([...commands, ...CHECKS])]
}
