import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { unknownCommands } from './docs/commands.js'
import { unknownNames } from './docs/names.js'
import { pageNamed, readPages } from './docs/pages.js'
import { untriedRemedies } from './docs/remedies.js'
import { typeCheckExamples } from './docs/type-check.js'
import { readManifest, root } from './workspace.js'

const pages = readPages()

describe('the pages', () => {
  it('show TypeScript that compiles against the packages', async () => {
    expect(await typeCheckExamples(pages)).toEqual([])
  })

  it('name commands that exist', async () => {
    expect(await unknownCommands(pages)).toEqual([])
  })

  it('name codes and variables that the sources have', () => {
    // The recipes of CONTRIBUTING.md bring names of their own.
    expect(unknownNames(pages.filter(({ name }) => name !== 'CONTRIBUTING.md'))).toEqual([])
  })

  it('say nothing of what to do that no test has tried', () => {
    expect(untriedRemedies(pages)).toEqual([])
  })

  it('link to files and headings that exist', () => {
    const byName = new Map(pages.map((candidate) => [candidate.name, candidate]))
    const broken = pages.flatMap(({ name, links }) =>
      links
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => {
          const [target = '', fragment] = link.split('#')
          const file = target === '' ? name : path.posix.join(path.posix.dirname(name), target)
          if (!existsSync(path.join(root, file))) return true
          return fragment !== undefined && !byName.get(file)?.anchors.has(fragment)
        })
        .map((link) => `${name}: ${link}`),
    )
    expect(broken).toEqual([])
  })
})

describe('the README', () => {
  const { packageManager } = readManifest('.')
  const lines = pageNamed(pages, 'README.md').text.split('\n')
  const first = `npx -y ${packageManager} --filter demo start`
  const second = `npx -y ${packageManager} test`

  it('shows code by line 15, and both commands by line 30', () => {
    expect(lines.indexOf('```ts') + 1).toBeGreaterThan(0)
    expect(lines.indexOf('```ts') + 1).toBeLessThan(15)
    const commands = lines.slice(0, 30).filter((line) => line.startsWith('npx '))
    expect(commands.map((line) => line.replace(/ +#.*/, ''))).toEqual([first, second])
  })

  it('gives the commands that continuous integration gives', () => {
    const ci = readFileSync(path.join(root, '.ci/run'), 'utf8')
    expect(ci).toContain(`pnpm="npx -y $(node -p "require('./package.json').packageManager")"`)
    expect(ci).toMatch(/^\$pnpm test$/m)
    expect(readManifest('apps/demo')).toMatchObject({ name: 'demo', scripts: { start: expect.any(String) } })
  })

  it('is short enough to read', () => {
    expect(lines.length).toBeLessThanOrEqual(130)
  })
})
