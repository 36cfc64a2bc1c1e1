// Generates the Prisma client, unless the existing one was generated from the same schema with the same versions. Turbo
// runs it whenever a package that Prisma's configuration imports was rebuilt, which rarely affects the client.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const client = path.join(root, 'packages/postgres/src/schema/generated')
const stamp = path.join(client, 'made-from.json')

/** The packages that affect the generated client, and the location from which each is resolved. */
const GENERATORS = [
  ['prisma', root],
  ['prisma-json-types-generator', root],
  ['@prisma/client', path.join(root, 'packages/postgres')],
]

function version([name, folder]) {
  const manifest = createRequire(path.join(folder, 'package.json')).resolve(`${name}/package.json`)
  return [name, JSON.parse(readFileSync(manifest, 'utf8')).version]
}

function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function madeFrom() {
  const schema = path.join(root, 'prisma/schema')
  const files = readdirSync(schema, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
  const inputs = [path.join(root, 'prisma.config.ts'), import.meta.filename, ...files].map((file) => [
    path.relative(root, file),
    sha256(file),
  ])
  return `${JSON.stringify({ ...Object.fromEntries(GENERATORS.map(version)), ...Object.fromEntries(inputs) }, null, 2)}\n`
}

/**
 * Removes a side effect of the generated client on its whole process: it sets a global `__dirname` from an
 * `import.meta.url` that a CommonJS bundle does not have, so that the bundle fails while loading. Only a native engine
 * would search for its file there, and this client has none.
 */
function leaveGlobalsAlone(file) {
  const text = readFileSync(file, 'utf8')
  const [before, after, ...more] = text.split(/^import \* as process [\s\S]*?^globalThis\['__dirname'\] = .*\n/m)
  if (after === undefined || more.length > 0 || /import\.meta|globalThis/.test(before + after)) {
    throw new Error(`${file} is not as expected: look for what it does to its process, and mend this script`)
  }
  writeFileSync(file, before + after)
}

const READS = 'FindUnique|FindUniqueOrThrow|FindFirst|FindFirstOrThrow|FindMany|Aggregate|GroupBy'

/** Lets the reads of a model accept `cacheStrategy`; the arguments of `count` are derived from those of `findMany`. */
function typeCacheStrategy(file) {
  const head = new RegExp(`^export type ${path.basename(file, '.ts')}(${READS})Args<.*> = \\{$`, 'gm')
  const text = readFileSync(file, 'utf8')
  const found = text.match(head)?.length
  if (found !== READS.split('|').length) {
    throw new Error(`${file} is not as expected: look for the arguments of its reads, and mend this script`)
  }
  const typed = text.replace(
    head,
    (line) => `${line}\n  cacheStrategy?: import('../../cache-strategy.js').CacheStrategy | undefined`,
  )
  writeFileSync(file, typed)
}

const now = madeFrom()
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now) {
  console.log('The Prisma client is up to date.')
} else {
  rmSync(stamp, { force: true }) // from now on the existing client is incomplete
  const prisma = createRequire(path.join(root, 'package.json')).resolve('prisma/build/index.js')
  // Prisma starts third-party generators by their names.
  const env = { ...process.env, PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env.PATH}` }
  const { status } = spawnSync(process.execPath, [prisma, 'generate'], { cwd: root, env, stdio: 'inherit' })
  if (status === 0) {
    leaveGlobalsAlone(path.join(client, 'client.ts'))
    for (const model of readdirSync(path.join(client, 'models'))) typeCacheStrategy(path.join(client, 'models', model))
    writeFileSync(stamp, now)
  }
  process.exitCode = status ?? 1
}
