import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Pages that must begin with their audience and end with links to the next pages; decisions have an index instead. */
const FOLDERS = ['docs', 'docs/guides', 'docs/use', 'docs/reference']

/** Returns the pages that lack either, with what to write. */
export function pageEndProblems(root: string): string[] {
  const docs = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  )
  const readmes = readdirSync(path.join(root, 'packages')).map((name) => `packages/${name}/README.md`)
  const pages = ['CONTRIBUTING.md', 'CHANGELOG.md', ...docs, ...readmes].filter((name) =>
    existsSync(path.join(root, name)),
  )
  return pages.flatMap((name) => {
    const text = readFileSync(path.join(root, name), 'utf8')
    const [title = '', first = ''] = paragraphsOf(text)
    const [last = '', ofSection = ''] = paragraphsOf(text).reverse()
    const goesOn = last.startsWith('Next: ') || [last, ofSection].some((one) => one.startsWith('## Where to go next'))
    return [
      ...(title.startsWith('# ') && first.startsWith('For ')
        ? []
        : [`${name}: begin the first paragraph with who it is for, such as "For developers who ..."`]),
      ...(goesOn && last.includes('](')
        ? []
        : [`${name}: end with a paragraph "Next: " and links, or with a section "Where to go next"`]),
    ]
  })
}

const paragraphsOf = (text: string): string[] =>
  text
    .replace(/<!--[\s\S]*?-->/g, '')
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '')
