import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const own = path.resolve(import.meta.dirname, '..')

/** Runs a program in a process of its own, with this package as built, and returns what it returns. */
async function resultOf(
  body: string,
  type: 'module' | 'commonjs' = 'module',
  ...flags: readonly string[]
): Promise<unknown> {
  const program = `${body}\nprocess.stdout.write(JSON.stringify(result))`
  const options = [...flags, `--input-type=${type}`, '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: own })
  return JSON.parse(stdout)
}

/** Whether the driver and Prisma's runtime are loaded: CommonJS files, like all that they depend on. */
const LOADED = `
  const { createRequire } = process.getBuiltinModule('node:module')
  const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => /[/]pg[/]lib|client[/]runtime/.test(file))`

it('loads the driver and Prisma when a member of `Prisma` is first read', async () => {
  const result = await resultOf(`${LOADED}
    const { isPostgresError, parsePostgresSettings, Prisma } = await import('@miyabi/postgres/on-demand')
    const { databaseUrl } = parsePostgresSettings({ DATABASE_URL: 'postgresql://a:b@localhost/c' })
    const before = [loaded(), isPostgresError(new Error('none')), databaseUrl.length]
    const { values } = Prisma.sql\`SELECT \${1}\`
    const result = [before, values, loaded()]`)
  expect(result).toEqual([[false, false, 28], [1], true])
})

it('exports the same `Prisma` as the package, whatever is done with it', async () => {
  const result = await resultOf(`
    const { Prisma } = await import('@miyabi/postgres/on-demand')
    const { Prisma: whole } = await import('@miyabi/postgres')
    const names = Object.keys(whole)
    const fails = (work) => { try { work(); return false } catch { return true } }
    const result = {
      enough: names.length > 20,
      names: JSON.stringify(Object.keys(Prisma)) === JSON.stringify(names),
      members: names.every((name) => Prisma[name] === whole[name] && name in Prisma),
      spread: Object.keys({ ...Prisma }).length === names.length,
      none: [Prisma.none, 'none' in Prisma, Object.getOwnPropertyDescriptor(Prisma, 'none')],
      instance: new Prisma.Decimal('0.1') instanceof whole.Decimal,
      fixed: fails(() => { Prisma.Decimal = 1 }) && fails(() => { delete Prisma.Decimal }) && Prisma.Decimal === whole.Decimal,
    }`)
  expect(result).toEqual({
    enough: true,
    names: true,
    members: true,
    spread: true,
    none: [null, false, null],
    instance: true,
    fixed: true,
  })
})

it('shares its classes with the package, in whatever order and form they are loaded', async () => {
  for (const order of [
    ['@miyabi/postgres', '@miyabi/postgres/on-demand'],
    ['@miyabi/postgres/on-demand', '@miyabi/postgres'],
  ]) {
    const [first, second] = order
    const body = `
      const [one, other] = [load('${first}'), load('${second}')]
      const result = [one.PostgresError === other.PostgresError, one.Prisma.Decimal === other.Prisma.Decimal]`
    expect(await resultOf(body.replaceAll('load(', 'await import('))).toEqual([true, true])
    expect(await resultOf(body.replaceAll('load(', 'require('), 'commonjs')).toEqual([true, true])
  }
})

it('loads while others import the package, the driver and the adapter at the same moment', async () => {
  const result = await resultOf(`
    const create = ({ createPostgres, parsePostgresSettings }) =>
      createPostgres(parsePostgresSettings({ DATABASE_URL: 'postgresql://a:b@localhost:1/c' })).close()
    const closed = await Promise.all([
      import('@prisma/adapter-pg'),
      import('pg'),
      import('@miyabi/postgres').then(create),
      import('@miyabi/postgres/on-demand').then(create),
    ])
    const result = closed.length`)
  expect(result).toBe(4)
})

it('is imported at once where Node cannot require an ES module', async () => {
  const body = `${LOADED}
    const { createPostgres, parsePostgresSettings } = await import('@miyabi/postgres/on-demand')
    const before = loaded()
    const settings = parsePostgresSettings({ DATABASE_URL: 'postgresql://a:b@localhost:1/c' })
    const { drained } = await createPostgres(settings).close()
    const result = [before, drained]`
  expect(await resultOf(body, 'module')).toEqual([false, true])
  expect(await resultOf(body, 'module', '--no-experimental-require-module')).toEqual([true, true])
})
