import type { HandlerExecutionContext } from '@smithy/types'

/** `PutItem` for a `PutItemCommand`. */
export function operationIn(context: HandlerExecutionContext): string {
  return (context.commandName ?? 'unknown').replace(/Command$/, '')
}

/** Returns the tables that a request names, wherever it names them. */
export function tablesIn(input: object): string[] {
  const { TableName, RequestItems, TransactItems } = input as {
    TableName?: string
    RequestItems?: Record<string, unknown>
    TransactItems?: readonly Record<string, { readonly TableName?: string }>[]
  }
  const inTransaction = (TransactItems ?? []).flatMap((item) => Object.values(item).map((action) => action.TableName))
  return [TableName, ...Object.keys(RequestItems ?? {}), ...inTransaction].filter((name) => name !== undefined)
}
