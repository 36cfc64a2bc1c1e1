import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { assertOwnsSchema, ownsSchema, packedSchemaRoot, refuseChangeOfSchema } from './packed-schema.js'

describe('the schema that a command works with', () => {
  it("is the project's if its Prisma configuration is one of ours, and the packed one otherwise", () => {
    expect(ownsSchema(path.resolve(import.meta.dirname, '../../../..'))).toBe(true)
    const stranger = mkdtempSync(path.join(tmpdir(), 'miyabi-cli-'))
    onTestFinished(() => rmSync(stranger, { recursive: true }))
    expect(ownsSchema(stranger)).toBe(false)
    writeFileSync(path.join(stranger, 'prisma.config.ts'), "import { defineConfig } from 'prisma/config'")
    expect(ownsSchema(stranger)).toBe(false)
  })

  it.each(['migrate dev', 'db pull', 'db push', 'db seed', 'generate', 'format', 'init'])(
    'is not changed by prisma %s where it is the packed one',
    (command) => {
      expect(() => refuseChangeOfSchema(command.split(' '))).toThrow('the one packed with Miyabi DB')
      expect(() => refuseChangeOfSchema([...command.split(' '), '--help'])).not.toThrow()
    },
  )

  it('can be applied to a database', () => {
    for (const command of ['migrate deploy', 'migrate status', 'studio', '--version'])
      expect(() => refuseChangeOfSchema(command.split(' '))).not.toThrow()
  })

  it('gets no new migration if it is the packed one', () => {
    expect(() => assertOwnsSchema({ schemaRoot: packedSchemaRoot })).toThrow('the one packed with Miyabi DB')
    expect(() => assertOwnsSchema({ schemaRoot: '/elsewhere' })).not.toThrow()
  })
})
