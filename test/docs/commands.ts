import { packageFolders, readManifest } from '../workspace.js'
import type { Page } from './pages.js'

/** What pnpm does by itself. */
const OWN = new Set(['add', 'exec', 'install', 'pack', 'store'])

/** Every use of pnpm in a page's code that names a script, a package or a version that does not exist. */
export function unknownCommands(pages: readonly Page[]): string[] {
  const folders = packageFolders()
  const { scripts = {}, packageManager } = readManifest('.')
  const problems: string[] = []
  for (const page of pages) {
    for (const code of page.code) {
      for (const [whole, version, rest = ''] of code.matchAll(/(?<![\w@/.-])pnpm(@[\d.]+)?((?: +[^\s`"';|&#()]+)*)/g)) {
        const complain = (problem: string): number => problems.push(`${page.name}: ${whole.trim()}: ${problem}`)
        if (version !== undefined && `pnpm${version}` !== packageManager) complain(`not ${packageManager}`)
        const words = rest.trim().split(/ +/)
        let known: Readonly<Record<string, string>> = scripts
        let word = words.shift()
        while (word?.startsWith('-')) {
          if (word === '--filter') {
            const name = words.shift() ?? ''
            const folder = folders.get(name)
            if (folder === undefined) complain(`there is no package ${name}`)
            known = folder === undefined ? {} : (readManifest(folder).scripts ?? {})
          }
          word = words.shift()
        }
        const script = word?.replace(/[,.:]+$/, '')
        if (!script || OWN.has(script) || Object.hasOwn(known, script)) continue
        // `pnpm db:*` stands for all of them.
        if (script.endsWith(':*') && Object.keys(known).some((name) => name.startsWith(script.slice(0, -1)))) continue
        complain(`there is no script ${script}`)
      }
    }
  }
  return problems
}
