import { tmpdir } from 'node:os'
import path from 'node:path'
import { asTyped } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { problemOf } from './docs/command-lines.js'
import { type Hint, hintsIn, hintsOfSources } from './docs/hints.js'
import { root } from './workspace.js'

/** Where a hint may be read: at the root, in a folder of the workspace, and where only the packages are. */
const PLACES = [root, path.join(root, 'packages/core'), tmpdir()]

/** What is wrong with a hint, in any form that it takes; undefined if it works as it stands. */
async function faultOf({ file, line, isMarked, strictness }: Hint): Promise<string | undefined> {
  const own = await problemOf(line, strictness)
  // Outside of backticks it is a name (of a login, of a key), unless it is a whole command.
  if (!isMarked && /^(?:npx )?miyabi /.test(line)) {
    return own === undefined ? `${file}: ${line}: put it between backticks, which asTyped needs` : undefined
  }
  const problems = [own]
  for (const place of PLACES) problems.push(await problemOf(asTyped(`\`${line}\``, place).slice(1, -1), strictness))
  const problem = problems.find((found) => found !== undefined)
  return problem && `${file}: ${line}: ${problem}`
}

async function faultsOf(hints: readonly Hint[]): Promise<readonly string[]> {
  return (await Promise.all(hints.map(faultOf))).filter((fault) => fault !== undefined)
}

describe('the hints of the sources', () => {
  const hints = hintsOfSources()

  it('are commands that work as they stand', async () => {
    expect(await faultsOf(hints)).toEqual([])
  })

  it('are found in every package that prints or throws', () => {
    const packages = new Set(hints.map(({ file }) => file.split('/').slice(0, 2).join('/')))
    const printing = ['backup', 'cli', 'db', 'dynamo', 'local', 'migrate', 'postgres'].map((name) => `packages/${name}`)
    expect([...packages]).toEqual(expect.arrayContaining(printing))
    expect(hints.length).toBeGreaterThan(100)
  })
})

describe('a dead hint', () => {
  it.each([
    ["'run `pnpm db:tabels apply`'", 'there is no script db:tabels'],
    ["'run `pnpm db:tables aply`'", 'Unknown command "tables aply"'],
    ["'run `miyabi tables apply --al`'", 'Unknown option --al'],
    ["'`miyabi outbox retry` queues it again'", 'Missing argument ID: a UUID or all'],
    [
      "'`miyabi tables` creates it'",
      'Missing command after "miyabi tables"; expected one of: status, plan, apply, export',
    ],
    ["'`pnpm prisma migrate deply` applies it'", 'Prisma has no command migrate deply'],
    ["'run miyabi outbox topics plan'", 'put it between backticks, which asTyped needs'],
    [
      "'pnpm db:migrate status says how to go on'",
      'Unexpected argument "says"; Unexpected argument "how"; Unexpected argument "to"; Unexpected argument "go"; Unexpected argument "on"',
    ],
    [`\`run \\\`pnpm db:migrate down \${name} --now\\\`\``, 'Unknown option --now'],
  ])('in %s is found', async (text, problem) => {
    const found = await faultsOf(hintsIn(`throw new Error(${text})`, 'example.ts'))
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(problem)
  })

  it.each([
    "'run `miyabi tables apply --replace X`'",
    "'pnpm prisma migrate deploy'",
    "{ application_name: 'miyabi backup' }",
  ])('is not found in %s', async (text) => {
    expect(await faultsOf(hintsIn(`throw new Error(${text})`, 'example.ts'))).toEqual([])
  })
})
