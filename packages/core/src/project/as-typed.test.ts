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

  it('leaves other commands alone', () => {
    for (const other of ['pnpm install', 'npx pnpm', 'pnpm exec prisma']) expect(asTyped(other, tmpdir())).toBe(other)
  })
})
