import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { runPrisma } from '@miyabi/migrate'
import type { AnyClient, ClientClass } from '@miyabi/postgres'
import { build } from 'esbuild'
import { expect, onTestFinished } from 'vitest'
import { root } from './workspace.js'

const HEAD = `
datasource db {
  provider = "postgresql"
}

generator client {
  provider      = "prisma-client"
  output        = "./generated"
  runtime       = "nodejs"
  compilerBuild = "small"
}
`

/** The client of other models, as Prisma generates it and a bundler packs it, with a Prisma of its own in it. */
export async function generateClient<Client extends AnyClient>(models: string): Promise<ClientClass<Client>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'miyabi-other-client-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(path.join(folder, 'schema.prisma'), HEAD + models)
  const args = ['generate', `--schema=${path.join(folder, 'schema.prisma')}`]
  const { exitCode, stderr } = await runPrisma(args, { env: process.env, cwd: folder, stdio: 'pipe' })
  expect(stderr).not.toContain('Error')
  expect(exitCode).toBe(0)
  const outfile = path.join(folder, 'client.mjs')
  await build({
    entryPoints: [path.join(folder, 'generated/client.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    nodePaths: [path.join(root, 'packages/postgres/node_modules')],
    banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
  })
  const { PrismaClient } = (await import(pathToFileURL(outfile).href)) as {
    readonly PrismaClient: ClientClass<Client>
  }
  return PrismaClient
}
