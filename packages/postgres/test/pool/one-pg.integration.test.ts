import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** This package as built, in a folder whose `pg` is a copy of its own, beside the one that Prisma's adapter finds. */
const own = path.resolve(import.meta.dirname, '../..')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(await realpath(tmpdir()), 'miyabi-second-pg-'))
  for (const name of ['dist', 'package.json', 'libraries.cjs', 'load.cjs']) {
    await cp(path.join(own, name), path.join(folder, name), { recursive: true })
  }
  await linkAll(path.join(own, 'node_modules'), path.join(folder, 'node_modules'))
})
afterAll(() => rm(folder, { recursive: true }))

async function linkAll(from: string, to: string): Promise<void> {
  await mkdir(to)
  for (const name of await readdir(from)) {
    if (name.startsWith('.')) continue
    if (name.startsWith('@')) await linkAll(path.join(from, name), path.join(to, name))
    else await symlink(await realpath(path.join(from, name)), path.join(to, name))
  }
}

async function copyOfPg(): Promise<void> {
  const link = path.join(folder, 'node_modules', 'pg')
  const original = await realpath(link)
  await rm(link)
  await cp(original, link, { recursive: true })
  // What it depends on lies beside it.
  for (const name of await readdir(path.dirname(original))) {
    const there = path.join(folder, 'node_modules', name)
    await symlink(await realpath(path.join(path.dirname(original), name)), there).catch(() => {})
  }
}

const start = () =>
  promisify(execFile)(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { createPostgres, parsePostgresSettings } from './dist/index.js'
       try {
         const url = 'postgresql://nobody:secret@127.0.0.1:1/nothing'
         await createPostgres(parsePostgresSettings({ DATABASE_URL: url, DB_MIN_CONNECTIONS: '0' })).close()
         console.log('started')
       } catch (error) {
         console.log(error.code + ': ' + error.message)
       }`,
    ],
    { cwd: folder },
  )

it('a second copy of pg, which would make Prisma ignore the pool, is refused at the start', async () => {
  expect((await start()).stdout).toBe('started\n')
  await copyOfPg()
  const { stdout } = await start()
  expect(stdout).toMatch(/^postgres\.pool\.second_pg: .*two copies of pg are installed/i)
  expect(stdout).not.toContain('secret')
})
