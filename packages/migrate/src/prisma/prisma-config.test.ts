import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseArguments } from '../engine/arguments.js'
import { schemaEnginePath } from './engine-path.js'
import { prismaConfig } from './prisma-config.js'
import { usesWasmEngine } from './settings.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'miyabi-config-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const configure = (env: Record<string, string | undefined>, args: string[] = ['generate']) =>
  prismaConfig({ root, env, args, config: { schema: 'prisma/schema' } })

describe('prismaConfig', () => {
  it('makes the CLI run our engine and call nobody', () => {
    const env: Record<string, string | undefined> = {}
    expect(configure(env)).toMatchObject({ schema: 'prisma/schema' })
    expect(env).toEqual({ CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: schemaEnginePath })
  })

  it('leaves the native engine in place where the setting asks for it', () => {
    const env: Record<string, string | undefined> = { MIYABI_PRISMA_ENGINE: 'native' }
    configure(env)
    expect(env).not.toHaveProperty('PRISMA_SCHEMA_ENGINE_BINARY')
  })

  it("keeps an engine of the user's own", () => {
    const env = { PRISMA_SCHEMA_ENGINE_BINARY: '/opt/engine' }
    configure(env)
    expect(env.PRISMA_SCHEMA_ENGINE_BINARY).toBe('/opt/engine')
  })

  it('gives the CLI no secret, which would make it an argument of our engine, and the engine all of them', () => {
    const urls = {
      url: 'postgresql://m:s3cret@h/d?sslpassword=s3cret',
      shadowDatabaseUrl: 'postgresql://m:s3cret@h/shadow',
    }
    const env: Record<string, string | undefined> = {
      DIRECT_DATABASE_URL: urls.url,
      SHADOW_DATABASE_URL: urls.shadowDatabaseUrl,
    }
    const { datasource } = configure(env, ['migrate', 'dev'])
    expect(datasource?.url).toMatch(/^postgresql:\/\/m:\*+@h\/d/)
    expect(JSON.stringify(datasource)).not.toContain('s3cret')
    expect(parseArguments(['--datasource', JSON.stringify(datasource)], env)).toMatchObject(urls)
  })

  it('gives whole URLs to Studio, which connects by itself, and to an engine that is not ours', () => {
    const url = 'postgresql://m:s3cret@h/d'
    expect(configure({ DATABASE_URL: url }, ['studio']).datasource?.url).toBe(url)
    const others = { DATABASE_URL: url, PRISMA_SCHEMA_ENGINE_BINARY: '/opt/engine' }
    expect(configure(others, ['migrate', 'dev']).datasource?.url).toBe(url)
  })

  it('takes URLs from the environment and from .env', () => {
    writeFileSync(
      path.join(root, '.env'),
      'DATABASE_URL=postgresql://file/d\nSHADOW_DATABASE_URL=postgresql://file/shadow\n',
    )
    expect(configure({}).datasource).toEqual({
      url: 'postgresql://file/d',
      shadowDatabaseUrl: 'postgresql://file/shadow',
    })
    expect(configure({ DATABASE_URL: 'postgresql://set/d' }).datasource?.url).toBe('postgresql://set/d')
  })

  it('needs no database for a command that reads files only', () => {
    expect(configure({}, ['validate']).datasource?.url).toBeUndefined()
    expect(() => configure({}, ['migrate', 'deploy'])).toThrow(
      expect.objectContaining({ code: 'migrate.no_database', message: expect.stringContaining('pnpm db:up') }),
    )
    for (const NODE_ENV of ['production', 'production '])
      expect(() => configure({ NODE_ENV }, ['migrate', 'deploy'])).toThrow('NODE_ENV is production')
  })

  it('names every setting that makes no sense', () => {
    const env = { MIYABI_PRISMA_ENGINE: 'rust', SHADOW_DATABASE_URL: 'mysql://root:s3cret@h/d' }
    expect(() => configure(env)).toThrow(/MIYABI_PRISMA_ENGINE/)
    expect(() => configure(env)).toThrow(/SHADOW_DATABASE_URL/)
    expect(() => configure(env)).not.toThrow(/s3cret/)
  })

  it('names a URL that cannot be read, and only where a command needs it', () => {
    const env = { DIRECT_DATABASE_URL: 'localhost/s3cret', DATABASE_URL: 'mysql://root:s3cret@h/d' }
    const deploy = () => configure(env, ['migrate', 'deploy'])
    expect(deploy).toThrow(expect.objectContaining({ code: 'config.invalid' }))
    expect(deploy).toThrow(/DIRECT_DATABASE_URL: .+\n.+ DATABASE_URL: /)
    expect(deploy).not.toThrow(/s3cret/)
    expect(() => configure(env)).not.toThrow()
  })
})

describe('usesWasmEngine', () => {
  it('is false on Windows, which cannot execute a script by its path', () => {
    expect(usesWasmEngine({}, 'win32')).toBe(false)
    expect(usesWasmEngine({}, 'linux')).toBe(true)
  })
})
