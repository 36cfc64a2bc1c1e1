import { afterAll, beforeAll, describe, it } from 'vitest'
import { writeFiles } from '../packed/project.js'
import { type Application, makeApplication } from './application.js'
import { tsconfig } from './tsconfigs.js'

/** What is typed: an identity, rows, relations, an error's details, and a column that does not exist. */
const MAIN = `import { DatabaseContext, isMiyabiError, mapError, type Prisma } from '@miyabi/db'

export async function main(): Promise<readonly string[]> {
  const db = await DatabaseContext.fromEnv()
  try {
    const where: Prisma.PluginWhereInput = { verified: true }
    const plugins = await db.as({ userId: 'x' }).pg.plugin.findMany({ where, include: { reviews: true } })
    // @ts-expect-error the client is typed, so a column that does not exist is refused
    plugins.map(({ nothing }) => nothing)
    const [total]: number[] = [db.stats().postgres.total]
    void total
    return plugins.flatMap(({ name, reviews }) => [name, ...reviews.map(({ userId }) => userId)])
  } catch (caught) {
    const error = mapError(caught)
    if (isMiyabiError(error, 'postgres.unique_violation')) return error.details.columns ?? []
    throw error
  } finally {
    await db.close()
  }
}
`

const settings = [
  { module: 'commonjs', moduleResolution: 'node10' },
  { module: 'es2022', moduleResolution: 'node10' },
  { module: 'node16' },
  { module: 'node18' },
  { module: 'node20' },
  { module: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
  { module: 'preserve', moduleResolution: 'bundler' },
]
/** TypeScript 7 has no node10; what was commonjs resolves like a bundler there. */
const settingsOf7 = [
  { module: 'commonjs' },
  ...settings.filter(({ moduleResolution }) => moduleResolution !== 'node10'),
]

let application: Application
beforeAll(async () => {
  application = await makeApplication({
    pages: [],
    dependencies: { 'typescript-5': 'npm:typescript@5.9', 'typescript-7': 'npm:typescript@7.0', '@types/node': '20' },
  })
  await writeFiles(application.folder, { 'cjs/main.cts': MAIN, 'esm/main.mts': MAIN })
})
afterAll(() => application[Symbol.asyncDispose]())

async function check(major: number, options: object, skipLibCheck: boolean): Promise<void> {
  const config = JSON.parse(tsconfig({ ...options, skipLibCheck, noEmit: true, rootDir: '.' })) as object
  await writeFiles(application.folder, { 'tsconfig.json': JSON.stringify({ ...config, include: ['cjs', 'esm'] }) })
  await application.run(process.execPath, `node_modules/typescript-${major}/bin/tsc`)
}

describe('the types', () => {
  it.each(settings)('resolve in TypeScript 5.9 with %o', (options) => check(5, options, true))
  it.each(settingsOf7)('resolve in TypeScript 7 with %o', (options) => check(7, options, true))

  it.each([5, 7])('are without a fault for TypeScript %i when it checks the declarations, too', async (major) => {
    await check(major, { module: 'node16' }, false)
    await check(major, { module: 'nodenext' }, false)
  })
})
