// Checks the sources against architecture.json in this folder: which package may import which, and the rooms (folders
// and files) of each, from the top down. Part of `pnpm lint`; an argument sets another root, to test these rules.
//
// - A file imports from its own room and from rooms below, never from one above.
// - No circular imports, including imports of types.
// - Another package is imported by its name, through its `exports`, also in tests (shared helpers are in
//   @miyabi/testing), and in sources only if the architecture allows it.
// - An `index.ts` exports by name.
// - No module that another package can reach uses top-level await: CommonJS could not require it.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'

const DECISION = 'docs/decisions/0001-one-way-dependencies.md'
const IGNORED = new Set(['node_modules', 'dist', 'generated', '.miyabi', '.turbo'])
const root = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../..'))
const architecture = JSON.parse(readFileSync(path.join(import.meta.dirname, 'architecture.json'), 'utf8'))

/** @type {string[]} */
const findings = []
const packages = readPackages()
/** The imports of every file of every package. */
const allImports = new Map()
for (const member of packages.values()) {
  const imports = new Map(filesIn(member.folder).map((file) => [file, importsOf(file)]))
  for (const [file, found] of imports) allImports.set(file, found)
  const sources = new Map([...imports].filter(([file]) => isSource(member, file)))
  for (const [file, found] of imports) {
    for (const one of found) checkPackage(member, file, one)
  }
  for (const [file, found] of sources) {
    checkListed(member, file)
    for (const one of found) checkRoom(member, file, one)
  }
  for (const circle of circlesIn(sources)) findings.push(`${circle.join(' -> ')}: an import circle`)
}
for (const file of reachableByOthers()) checkTopLevelAwait(file)
for (const finding of findings) console.error(finding)
if (findings.length > 0) {
  console.error(`\n${findings.length} against the architecture (scripts/lint/architecture.json, ${DECISION})`)
  process.exitCode = 1
}

/** The workspace's packages, by the name that imports use. */
function readPackages() {
  const folders = ['packages', 'apps'].flatMap((parent) => childrenOf(parent).map((name) => path.join(parent, name)))
  const found = [...folders, 'benchmarks'].filter((folder) => existsSync(path.join(root, folder, 'package.json')))
  return new Map(
    found.map((folder) => {
      const manifest = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'))
      return [manifest.name, { folder, manifest, ...architecture[path.basename(folder)] }]
    }),
  )
}

function childrenOf(folder) {
  return existsSync(path.join(root, folder)) ? readdirSync(path.join(root, folder)) : []
}

/** The TypeScript files of a package, relative to the root. */
function filesIn(folder) {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : filesIn(file)
    return /(?<!\.d)\.m?ts$/.test(entry.name) ? [file] : []
  })
}

function isSource({ folder }, file) {
  return file.startsWith(path.join(folder, 'src/')) && !file.endsWith('.test.ts')
}

/**
 * The imports and re-exports of a file: `{ from, to }`, where `to` is the imported file, if it is one of ours.
 */
function importsOf(file) {
  const text = readFileSync(path.join(root, file), 'utf8')
  const { module, errors } = parseSync(file, text)
  if (errors.length > 0) findings.push(`${file}: ${errors[0].message}`)
  const exported = module.staticExports.flatMap(({ entries }) => entries).filter((entry) => entry.moduleRequest)
  if (path.basename(file) === 'index.ts' && exported.some(({ exportName }) => exportName.kind === 'None')) {
    findings.push(`${file}: exports everything of another file; name what is exported`)
  }
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start, end))
  const names = [
    ...[...module.staticImports, ...exported].map(({ moduleRequest }) => moduleRequest.value),
    ...dynamic.filter((name) => /^'[^']*'$/.test(name)).map((name) => name.slice(1, -1)),
  ]
  return [...new Set(names)].map((from) => ({
    from,
    to: from.startsWith('.') ? path.join(path.dirname(file), from).replace(/\.(m?)js$/, '.$1ts') : undefined,
  }))
}

function checkPackage(member, file, { from, to }) {
  const owner = [...packages.values()].find(({ folder }) => to?.startsWith(`${folder}/`))
  if (owner && owner !== member) findings.push(`${file}: imports '${from}' of another package; import it by its name`)
  const name = from.startsWith('@miyabi/') ? from.split('/').slice(0, 2).join('/') : undefined
  if (name === undefined) return
  const other = packages.get(name)
  const subpath = `.${from.slice(name.length)}`
  if (!other) return void findings.push(`${file}: there is no package ${name}`)
  if (!(subpath in (other.manifest.exports ?? {}))) {
    findings.push(`${file}: '${from}' is not in the exports of ${name}; import its public entry`)
  }
  const { imports } = member
  if (isSource(member, file) && imports && !imports.includes(path.basename(other.folder))) {
    findings.push(`${file}: ${member.manifest.name} may not depend on ${name}: dependencies go one way`)
  }
}

/** The room of a source: a folder, or a file next to the folders. */
function roomOf({ folder }, file) {
  return path.relative(path.join(folder, 'src'), file).split('/')[0]
}

function checkRoom(member, file, { from, to }) {
  const { rooms } = member
  if (!rooms || to === undefined || !isSource(member, to)) return
  const [here, there] = [roomOf(member, file), roomOf(member, to)]
  if (rooms.indexOf(there) < rooms.indexOf(here)) {
    findings.push(`${file}: imports '${from}', and ${there} is above ${here}; move what both need down`)
  }
}

function checkListed(member, file) {
  const room = roomOf(member, file)
  if (member.rooms && !member.rooms.includes(room)) {
    findings.push(`${file}: the architecture has no room ${room} in ${member.manifest.name}`)
  }
}

/** The sources of the `exports` of the packages, and everything they import, statically or dynamically. */
function reachableByOthers() {
  const reached = new Set()
  const visit = (file) => {
    if (file === undefined || reached.has(file) || !allImports.has(file)) return
    reached.add(file)
    for (const { from, to } of allImports.get(file)) visit(to ?? sourceOf(from))
  }
  for (const { manifest } of packages.values()) {
    for (const subpath of Object.keys(manifest.exports ?? {})) visit(sourceOf(path.posix.join(manifest.name, subpath)))
  }
  return reached
}

/** The source of an import by a package's name. */
function sourceOf(from) {
  const name = from.split('/').slice(0, 2).join('/')
  const { folder, manifest } = packages.get(name) ?? {}
  const source = manifest?.exports?.[`.${from.slice(name.length)}`]?.['@miyabi/source']
  return source && path.join(folder, source)
}

function checkTopLevelAwait(file) {
  const text = readFileSync(path.join(root, file), 'utf8')
  if (!/\bawait\b/.test(text) || !awaits(parseSync(file, text).program)) return
  findings.push(`${file}: waits at the top level, so that CommonJS cannot require it; wait in a function`)
}

/** Whether a node awaits while its module is loaded. An await in a function runs only when that is called. */
function awaits(node) {
  if (node === null || typeof node !== 'object') return false
  if (Array.isArray(node)) return node.some(awaits)
  if (/Function/.test(node.type ?? '')) return false
  if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await)) return true
  if (node.type === 'VariableDeclaration' && node.kind === 'await using') return true
  return Object.values(node).some(awaits)
}

/** Returns each circular import once, as a list of its files. */
function circlesIn(sources) {
  const circles = []
  const done = new Set()
  const visit = (file, way) => {
    if (way.includes(file)) return void circles.push([...way.slice(way.indexOf(file)), file])
    if (done.has(file)) return
    for (const { to } of sources.get(file) ?? []) if (to) visit(to, [...way, file])
    done.add(file)
  }
  for (const file of sources.keys()) visit(file, [])
  return circles
}
