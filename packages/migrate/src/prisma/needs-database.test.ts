import { describe, expect, it } from 'vitest'
import { needsDatabase, prismaCommand } from './needs-database.js'

const words = (text: string): string[] => text.split(' ').filter(Boolean)

describe('needsDatabase', () => {
  it.each([
    'migrate deploy',
    'migrate dev --name init',
    'migrate status',
    'migrate reset --force',
    'migrate resolve --applied 1_a',
    'migrate diff --from-empty --to-config-datasource',
    'migrate diff --from-migrations=prisma/migrations --to-schema prisma/schema',
    'db push',
    'db pull --print',
    'db execute --stdin',
    'db seed',
    'db seed -- --help',
    'studio --port 5555',
    'generate --sql',
  ])('is true for `%s`', (line) => expect(needsDatabase(words(line))).toBe(true))

  it.each([
    '',
    '--version',
    'generate',
    'validate',
    'format',
    'version',
    'migrate',
    'migrate --help',
    'migrate deploy --help',
    'db push -h',
    'migrate diff --from-empty --to-schema prisma/schema',
    'db pull --print --url postgresql://localhost/other',
    'studio --url=postgresql://localhost/other',
  ])('is false for `%s`', (line) => expect(needsDatabase(words(line))).toBe(false))
})

describe('prismaCommand', () => {
  it.each([
    ['migrate deploy --schema x', 'migrate deploy'],
    ['db --help', 'db'],
    ['generate --sql', 'generate'],
    ['--version', ''],
  ])('of `%s` is `%s`', (line, command) => expect(prismaCommand(words(line))).toBe(command))
})
