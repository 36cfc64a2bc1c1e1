import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wasmEngineVersion } from '../internals/schema-engine.js'
import { checkEngineVersion } from './engine-version.js'

const OTHER = '7.11.0-9.ffffffffffffffffffffffffffffffffffffffff'

describe('checkEngineVersion', () => {
  let root: string

  /** Installs a `prisma` of this version below `root`, whose engine is `engine`. */
  function installPrisma(version: string, engine: string): string {
    const manifests = {
      prisma: { name: 'prisma', version },
      '@prisma/engines': { name: '@prisma/engines', version, dependencies: { '@prisma/engines-version': engine } },
    }
    for (const [name, manifest] of Object.entries(manifests)) {
      const folder = path.join(root, 'node_modules', name)
      mkdirSync(path.join(folder, 'build'), { recursive: true })
      writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
    }
    const script = path.join(root, 'node_modules/prisma/build/index.js')
    writeFileSync(script, '')
    return script
  }

  beforeAll(() => {
    root = mkdtempSync(path.join(tmpdir(), 'miyabi-version-'))
  })
  afterAll(() => rmSync(root, { recursive: true }))

  it('accepts the prisma that this workspace installs', () => {
    expect(() => checkEngineVersion(import.meta.dirname, undefined)).not.toThrow()
  })

  it('refuses an installed prisma of another build, naming both and the fix', () => {
    installPrisma('7.11.0', OTHER)
    expect(() => checkEngineVersion(root, undefined)).toThrow(
      expect.objectContaining({
        code: 'migrate.engine_mismatch',
        details: { prisma: '7.11.0', expectedEngine: OTHER, installedEngine: wasmEngineVersion() },
        message: expect.stringMatching(
          /prisma 7\.11\.0 expects schema engine 7\.11\.0-9\.f+, but .* is 7\.10\.0-4\..*pnpm install/,
        ),
      }),
    )
  })

  it('refuses a prisma that was started from elsewhere, as by npx, though the installed one fits', () => {
    const script = installPrisma('7.11.0', OTHER)
    expect(() => checkEngineVersion(import.meta.dirname, script)).toThrow('prisma 7.11.0')
  })

  it('accepts another release with the same engine', () => {
    const script = installPrisma('7.10.9', `7.10.9-1.${wasmEngineVersion().split('.').at(-1)}`)
    expect(() => checkEngineVersion(root, script)).not.toThrow()
  })
})
