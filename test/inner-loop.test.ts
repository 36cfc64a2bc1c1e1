import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { tablePrefix, testVariables } from '@miyabi/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { projects } from './suite/projects.js'
import { packageFolders, readManifest, root } from './workspace.js'

/** The test files that `vitest` finds when it is run in a folder, relative to the root. */
async function testFilesFrom(folder: string, ...args: string[]): Promise<string[]> {
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [vitest, 'list', '--filesOnly', '--json', ...args], {
    cwd: path.join(root, folder),
  })
  const found = JSON.parse(stdout) as readonly { readonly file: string }[]
  return found.map(({ file }) => path.relative(root, file).split(path.sep).join('/'))
}

/** The files that a call which throws ran through: those that run, not those that a source map names in their place. */
function filesRunBy(call: () => unknown): (string | null)[] {
  const { prepareStackTrace } = Error
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName())
  try {
    call()
    return []
  } catch (error) {
    const files: unknown = (error as Error).stack
    return Array.isArray(files) ? files : []
  } finally {
    Error.prepareStackTrace = prepareStackTrace
  }
}

describe('a test run', () => {
  it('sees an edit of another package without a build, because it reads the sources of all', () => {
    vi.stubEnv(testVariables.prefix, '')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(filesRunBy(tablePrefix)).toContain(path.join(root, 'packages/testing/src/environment.ts'))
    for (const folder of packageFolders().values()) {
      for (const entry of Object.values(readManifest(folder).exports ?? {})) {
        const source = entry['@miyabi/source']
        expect(source, `${folder} names no source`).toBeDefined()
        expect(existsSync(path.join(root, folder, String(source))), `${folder}: ${source}`).toBe(true)
      }
    }
  })

  it('finds the tests of an app that was just added, because it looks in all folders', () => {
    const everywhere = projects({ root, within: '', env: {} }).filter(({ test }) => test?.dir === root)
    expect(everywhere.map(({ test }) => test?.name)).toEqual(['units', 'servers'])
  })

  it.each([
    ['apps/demo', 'apps/demo'],
    ['packages/core', 'packages/core'],
    ['packages/core/src/time', 'packages/core/src/time'],
    ['.', 'apps/demo', '--root', 'apps/demo'],
  ])('that begins in %s is about the tests in %s', async (folder, expected, ...args) => {
    const files = await testFilesFrom(folder, ...args)
    expect(files.length).toBeGreaterThan(0)
    expect(files.filter((file) => !file.startsWith(`${expected}/`))).toEqual([])
  })

  it('starts servers only for a project whose tests need them', () => {
    const withServers = projects({ root, within: '', env: {} }).filter(({ test }) => test?.globalSetup !== undefined)
    const names = withServers.map(({ test }) => test?.name)
    expect(names).toEqual(['servers'])
  })
})
