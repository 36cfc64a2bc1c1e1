import type * as LibPgQuery from 'libpg-query'

let loaded: typeof LibPgQuery | undefined

/** PostgreSQL's own parser, in WebAssembly: loaded at the first call, since most commands have nothing to parse. */
export async function loadParser(): Promise<typeof LibPgQuery> {
  const parser = await import('libpg-query')
  await parser.loadModule()
  loaded = parser
  return parser
}

/** The same without waiting, for code that runs after {@link loadParser}. */
export function parser(): typeof LibPgQuery {
  if (loaded === undefined) throw new Error('The parser was called before it was loaded: await loadParser() first.')
  return loaded
}
