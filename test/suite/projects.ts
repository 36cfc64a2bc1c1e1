import path from 'node:path'
import { parseArgs } from 'node:util'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import { common, sources } from './common.js'

/** Tests that need servers have such names, wherever they lie; all others are pure. */
const ON_SERVERS = '**/*.{integration,fault}.test.ts'

/** The folder of the tests of the repository itself. */
const REPOSITORY = 'test'

export interface ProjectsOptions {
  /** The root of the repository. */
  readonly root: string
  /** Where the run begins, relative to the root: it is about the tests in there. */
  readonly within: string
  /** For every test. */
  readonly env: Record<string, string>
}

/**
 * The projects of a run: the pure tests of all packages, those of the repository, and all tests on servers. The files
 * of a project share its processes.
 */
export function projects({ root, within, env }: ProjectsOptions): TestProjectInlineConfiguration[] {
  const project = (
    name: string,
    folder: string,
    test: TestProjectInlineConfiguration['test'] & { readonly exclude: string[] },
  ): TestProjectInlineConfiguration => ({
    ...sources,
    root,
    test: {
      ...common,
      ...test,
      name,
      env,
      isolate: false, // a process and its imports cost more than most files
      dir: path.join(root, contains(folder, within) ? within : folder),
      exclude: ['**/node_modules/**', '**/dist/**', ...test.exclude],
    },
  })
  const concernsRepository = contains(REPOSITORY, within) || contains(within, REPOSITORY)

  return [
    project('units', '', {
      include: ['**/*.test.ts'],
      exclude: [ON_SERVERS, `${root}/${REPOSITORY}/**`],
    }),
    project('servers', '', {
      include: [ON_SERVERS],
      exclude: ['**/test/pgbouncer/**', '**/test/pg-dump/**', '**/test/redis/**'], // configurations of their own
      globalSetup: [path.join(import.meta.dirname, '../global-setup.ts')],
    }),
    ...(concernsRepository
      ? [
          project('repository', REPOSITORY, {
            include: ['**/*.test.ts'],
            exclude: [ON_SERVERS, 'use/**', 'alerts/**', 'recipe/whole.test.ts'], // configurations of their own
          }),
        ]
      : []),
  ]
}

/** Whether `folder` is `other` or around it; both relative to the root. */
const contains = (folder: string, other: string): boolean =>
  folder === '' || folder === other || other.startsWith(`${folder}/`)

/** The folder that this run begins in, relative to the root: the working folder, or what `--root` says. */
export function startFolder(root: string): string {
  const { values } = parseArgs({ strict: false, options: { root: { type: 'string', short: 'r' } } })
  const relative = path.relative(root, path.resolve(typeof values.root === 'string' ? values.root : '.'))
  return relative.startsWith('..') ? '' : relative.split(path.sep).join('/')
}
