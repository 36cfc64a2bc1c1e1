import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseArguments } from './arguments.js'

describe('parseArguments', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'miyabi-arguments-'))
    writeFileSync(path.join(folder, 'a.prisma'), 'model A {}')
    writeFileSync(path.join(folder, 'b.prisma'), 'model B {}')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('reads what the CLI passes for a long-running engine', () => {
    const [a, b] = [path.join(folder, 'a.prisma'), path.join(folder, 'b.prisma')]
    const datasource = JSON.stringify({ url: 'postgresql://x=1', shadowDatabaseUrl: '' })
    const args = ['--datamodels', a, `--datamodels=${b}`, '--datasource', datasource]
    expect(parseArguments([...args, '--enabled-preview-features', 'views', '--extension-types', '{}'], {})).toEqual({
      datamodels: [
        [a, 'model A {}'],
        [b, 'model B {}'],
      ],
      url: 'postgresql://x=1',
      shadowDatabaseUrl: undefined,
      command: { kind: 'rpc' },
    })
  })

  it('reads the one-shot commands and --version', () => {
    const args = ['--datasource', '{"url":"u"}', 'cli', 'create-database']
    expect(parseArguments(args, {}).command).toEqual({ kind: 'cli', name: 'create-database' })
    expect(parseArguments(['--version'], {}).command).toEqual({ kind: 'version' })
  })

  it('refuses a command it does not know', () => {
    expect(() => parseArguments(['cli', 'qe-setup'], {})).toThrow('expected one of can-connect-to-database')
  })
})
