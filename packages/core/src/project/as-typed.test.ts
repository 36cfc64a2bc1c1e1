import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { asTyped } from './as-typed.js'

const root = path.resolve(import.meta.dirname, '../../../..')
const text =
  'start it (`pnpm db:up`), then `pnpm prisma migrate deploy` and `pnpm --silent db:tables status --json | jq .`'

describe('asTyped', () => {
  it('leaves commands as they are at the root of this workspace, whose scripts they are', () => {
    expect(asTyped(text, root)).toBe(text)
  })

  it("names the root's scripts from any other folder of it", () => {
    expect(asTyped(text, import.meta.dirname)).toBe(
      'start it (`pnpm -w db:up`), then `pnpm -w prisma migrate deploy` and `pnpm -w --silent db:tables status --json | jq .`',
    )
  })

  it('names the command of the packages everywhere else', () => {
    expect(asTyped(text, tmpdir())).toBe(
      'start it (`npx miyabi up`), then `npx miyabi prisma migrate deploy` and `npx miyabi tables status --json | jq .`',
    )
  })

  it.each([
    ['`miyabi tables apply`', '`pnpm db:tables apply`', '`pnpm -w db:tables apply`', '`npx miyabi tables apply`'],
    ['`npx miyabi up`', '`pnpm db:up`', '`pnpm -w db:up`', '`npx miyabi up`'],
    ['`A=1 miyabi up`', '`A=1 pnpm db:up`', '`A=1 pnpm -w db:up`', '`A=1 npx miyabi up`'],
    ['`miyabi prisma generate`', '`pnpm prisma generate`', '`pnpm -w prisma generate`', '`npx miyabi prisma generate`'],
    [
      '`miyabi slow --json | jq .`',
      '`pnpm --silent db:slow --json | jq .`',
      '`pnpm -w --silent db:slow --json | jq .`',
      '`npx miyabi slow --json | jq .`',
    ],
    ['`miyabi --help`', '`pnpm exec miyabi --help`', '`pnpm -w exec miyabi --help`', '`npx miyabi --help`'],
    ['the miyabi command', 'the miyabi command', 'the miyabi command', 'the miyabi command'],
  ])('names the command in %s as it works in each place', (hint, atRoot, inWorkspace, elsewhere) => {
    expect([root, import.meta.dirname, tmpdir()].map((cwd) => asTyped(hint, cwd))).toEqual([
      atRoot,
      inWorkspace,
      elsewhere,
    ])
  })

  it.each([
    ['package-lock.json', 'npm install --save-dev'],
    ['pnpm-lock.yaml', 'pnpm add --save-dev'],
    ['pnpm-workspace.yaml', 'pnpm add --save-dev --workspace-root'],
    ['yarn.lock', 'yarn add --dev'],
    ['bun.lock', 'bun add --dev'],
  ])('adds a package as is done in a project with a %s', (file, command) => {
    const addition = 'add it (`pnpm add --save-dev --workspace-root dynoxide`)'
    expect(asTyped(addition, import.meta.dirname)).toBe(addition)
    const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-as-typed-'))
    try {
      for (const name of ['package.json', file]) writeFileSync(path.join(folder, name), '{}')
      expect(asTyped(addition, folder)).toBe(`add it (\`${command} dynoxide\`)`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('leaves other commands alone', () => {
    for (const other of ['pnpm install', 'npx pnpm', 'pnpm exec prisma']) expect(asTyped(other, tmpdir())).toBe(other)
  })
})
