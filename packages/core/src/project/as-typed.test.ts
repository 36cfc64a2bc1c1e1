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
