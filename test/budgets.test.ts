import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { packageFolders, root } from './workspace.js'

/** All test files of the packages and apps. */
const testFiles = [...packageFolders().values()]
  .flatMap((folder) => [`${folder}/src`, `${folder}/test`])
  .filter((folder) => existsSync(path.join(root, folder)))
  .flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => path.join(folder, name)),
  )

it('a test with a budget of time has the timeout of that budget, without which a long run would cut it short', () => {
  const withBudget = testFiles
    .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }))
    .filter(({ file, text }) => /longSeconds: [1-9]/.test(text) && !file.endsWith('budget.test.ts'))
  expect(withBudget.length).toBeGreaterThan(15)
  expect(withBudget.filter(({ text }) => !/(udget|\))\.timeoutMs\b/.test(text)).map(({ file }) => file)).toEqual([])
})
