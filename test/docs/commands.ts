import { commandLinesIn, problemOf } from './command-lines.js'
import type { Page } from './pages.js'

/** The recipe of a command brings one of its own. */
const BROUGHT: Readonly<Record<string, RegExp>> = { 'CONTRIBUTING.md': /\bmiyabi health\b/ }

/** Every command line in a page's code that names a script, a package, a version, a command or an option in vain. */
export async function unknownCommands(pages: readonly Page[]): Promise<string[]> {
  const problems: string[] = []
  for (const page of pages) {
    for (const line of page.code.flatMap(commandLinesIn)) {
      if (BROUGHT[page.name]?.test(line)) continue
      const problem = await problemOf(line, 'reference')
      if (problem !== undefined) problems.push(`${page.name}: ${line}: ${problem}`)
    }
  }
  return problems
}
