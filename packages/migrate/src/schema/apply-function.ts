import type { AlterFunctionStmt, CreateFunctionStmt, Node, TypeName } from '@pgsql/types'
import { qualifiedName, textsOf } from '../sql/names.js'
import { asKind } from '../sql/walk.js'
import type { Origin, Schema, SchemaFunction } from './facts.js'

/** `CREATE [OR REPLACE] FUNCTION` and `PROCEDURE`. Replacing keeps who may execute it. */
export function applyCreateFunction(schema: Schema, statement: CreateFunctionStmt, origin: Origin): void {
  const { funcname, parameters = [], returnType, options, sql_body } = statement
  const taken = parameters
    .flatMap((parameter) => asKind(parameter, 'FunctionParameter') ?? [])
    .filter(({ mode }) => mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE')
  const name = qualifiedName(textsOf(funcname))
  const key = functionKey(
    name,
    taken.map(({ argType }) => argType),
  )
  const texts = textsOf(asKind(option(options, 'as'), 'List')?.items)
  const searchPath = searchPathOf(options)
  schema.functions.set(key, {
    name,
    origin,
    body: sql_body ?? texts[0],
    isBound: sql_body !== undefined,
    language: asKind(option(options, 'language'), 'String')?.sval ?? 'sql',
    isDefiner: isDefiner(options) ?? false,
    searchPath: searchPath === 'unset' ? undefined : searchPath,
    isTrigger: textsOf(returnType?.names).at(-1) === 'trigger',
    isVolatile: (asKind(option(options, 'volatility'), 'String')?.sval ?? 'volatile') === 'volatile',
    publicMayExecute: schema.functions.get(key)?.publicMayExecute ?? schema.functionsArePublic,
  })
}

/** `ALTER FUNCTION ... SET search_path`, `RESET`, `SECURITY DEFINER`. */
export function applyAlterFunction(schema: Schema, { func, actions }: AlterFunctionStmt, origin: Origin): void {
  for (const key of functionKeys(schema, func)) {
    const found = schema.functions.get(key)
    const path = searchPathOf(actions)
    if (!found) continue
    schema.functions.set(key, {
      ...found,
      origin,
      isDefiner: isDefiner(actions) ?? found.isDefiner,
      searchPath: path === 'unset' ? undefined : (path ?? found.searchPath),
    })
  }
}

interface FunctionReference {
  readonly objname?: Node[]
  readonly objargs?: Node[]
  readonly args_unspecified?: boolean
}

/** The keys of what `f(int, text)` or, without arguments, `f` names. */
export function functionKeys(schema: Schema, reference: FunctionReference | undefined): string[] {
  const name = qualifiedName(textsOf(reference?.objname))
  if (reference?.args_unspecified) return [...schema.functions.keys()].filter((key) => key.startsWith(`${name}(`))
  return [
    functionKey(
      name,
      (reference?.objargs ?? []).map((argument) => asKind(argument, 'TypeName')),
    ),
  ]
}

function functionKey(name: string, types: readonly (TypeName | undefined)[]): string {
  return `${name}(${types.map((type) => `${textsOf(type?.names).at(-1)}${type?.arrayBounds ? '[]' : ''}`).join(', ')})`
}

const option = (options: readonly Node[] | undefined, name: string): Node | undefined =>
  elements(options).find(({ defname }) => defname === name)?.arg

const elements = (options: readonly Node[] | undefined) =>
  (options ?? []).flatMap((each) => asKind(each, 'DefElem') ?? [])

function isDefiner(options: readonly Node[] | undefined): boolean | undefined {
  const element = elements(options).find(({ defname }) => defname === 'security')
  return element && asKind(element.arg, 'Boolean')?.boolval === true
}

/** Undefined if the options do not mention it. */
function searchPathOf(options: readonly Node[] | undefined): SchemaFunction['searchPath'] | 'unset' {
  for (const { defname, arg } of elements(options)) {
    const set = defname === 'set' ? asKind(arg, 'VariableSetStmt') : undefined
    if (set?.kind === 'VAR_RESET_ALL') return 'unset'
    if (set?.name !== 'search_path') continue
    if (set.kind === 'VAR_SET_CURRENT') return ['(current)']
    if (set.kind !== 'VAR_SET_VALUE') return 'unset'
    return (set.args ?? []).map((argument) => asKind(argument, 'A_Const')?.sval?.sval ?? '').filter(Boolean)
  }
  return undefined
}
