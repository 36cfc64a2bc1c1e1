import type { Node } from '@pgsql/types'

/** The names of the node types in PostgreSQL's syntax tree. */
export type Kinds = Node extends infer Each ? (Each extends object ? keyof Each : never) : never
/** One of them, by name. */
export type NodeOf<Kind extends Kinds> = Extract<Node, Record<Kind, unknown>>[Kind]

/** The single statement or expression of a node, if it is of this kind. */
export function asKind<Kind extends Kinds>(node: Node | undefined, kind: Kind): NodeOf<Kind> | undefined {
  return (node as Partial<Record<Kind, NodeOf<Kind>>> | undefined)?.[kind]
}

/** Every node of a kind in a tree, outer ones first. `skip` returns the kinds not to descend into. */
export function* nodesOf<Kind extends Kinds>(
  tree: unknown,
  kind: Kind,
  skip: readonly Kinds[] = [],
): Generator<NodeOf<Kind>> {
  if (typeof tree !== 'object' || tree === null) return
  for (const [key, value] of Object.entries(tree)) {
    if (key === kind && typeof value === 'object') yield value as NodeOf<Kind>
    if (!(skip as readonly string[]).includes(key)) yield* nodesOf(value, kind, skip)
  }
}
