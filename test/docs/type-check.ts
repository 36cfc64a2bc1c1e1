import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { root } from '../workspace.js'
import type { Block, Page } from './pages.js'
import { preambles } from './preambles.js'

/**
 * Checks the types of every TypeScript example of the pages against the packages as they are built, in one run of the
 * compiler.
 * @returns the compiler's complaints, each at its page and line; empty where there are none.
 */
export async function typeCheckExamples(pages: readonly Page[]): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'miyabi-docs-'))
  try {
    const origins = new Map<string, { readonly page: string; readonly lines: readonly number[] }>()
    await mkdir(path.join(folder, 'examples'))
    for (const page of pages.filter(({ name }) => !isCompiledElsewhere(name))) {
      for (const block of page.blocks.filter(({ language }) => language === 'ts')) {
        const name = `examples/${origins.size}.ts`
        const { text, lines } = toModule(page, block)
        origins.set(name, { page: page.name, lines })
        await writeFile(path.join(folder, name), text)
      }
    }
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(configuration))
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
    const output = await promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      cwd: folder,
    }).then(
      () => '',
      (error: { readonly stdout: string; readonly stderr: string }) => error.stdout + error.stderr,
    )
    return output
      .split('\n')
      .filter(Boolean)
      .map((line) =>
        line.replace(/^(examples\/\d+\.ts)\((\d+),\d+\)/, (_, name: string, number: string) => {
          const origin = origins.get(name)
          return `${origin?.page}:${origin?.lines[Number(number) - 1]}`
        }),
      )
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * Whether the code of a page is an application on a framework, or parts of recipes, which their own tests compile and
 * run (test/use, test/recipe).
 */
const isCompiledElsewhere = (name: string): boolean => /^docs\/use\/(?!README)|^CONTRIBUTING/.test(name)

/**
 * An example as a module: its imports, what its page takes for granted, and the rest in a function, where it may
 * redeclare names, wait and return. `lines` holds the page's line for each line of the text.
 */
function toModule(page: Page, block: Block): { readonly text: string; readonly lines: readonly number[] } {
  const numbered = block.text.split('\n').map((line, index) => ({ line, number: block.line + index }))
  const isImport = ({ line }: { line: string }): boolean => line.startsWith('import ')
  const isModule = numbered.some(({ line }) => line.startsWith('export '))
  const around = (line: string) => ({ line, number: block.line })
  const body = numbered.filter((entry) => !isImport(entry))
  const result = [
    ...numbered.filter(isImport),
    ...(preambles[page.name] ?? '').split('\n').map(around),
    ...(isModule ? body : [around('export async function example() {'), ...body, around('}')]),
  ]
  return { text: result.map(({ line }) => line).join('\n'), lines: result.map(({ number }) => number) }
}

const configuration = {
  extends: path.join(root, 'tsconfig.base.json'),
  compilerOptions: {
    noEmit: true,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    typeRoots: [path.join(root, 'node_modules/@types')],
    paths: {
      '@miyabi/*': [path.join(root, 'packages/*/dist/index.d.ts')],
      '@miyabi/db/telemetry': [path.join(root, 'packages/db/dist/telemetry/index.d.ts')],
      // An app has no declarations: its sources are checked.
      'demo/*': [path.join(root, 'apps/demo/src/*')],
      '@aws-sdk/*': [path.join(root, 'packages/dynamo/node_modules/@aws-sdk/*/dist-types/index.d.ts')],
    },
  },
  include: ['examples'],
}
