import type pg from 'pg'

/** A column of a result, as RowDescription gives it. */
export interface DescribedField {
  readonly name: string
  readonly dataTypeID: number
  /** The table the column comes from; 0 for an expression. */
  readonly tableID: number
  readonly columnID: number
}

export interface StatementDescription {
  /** The type of each parameter. */
  readonly parameters: readonly number[]
  readonly fields: readonly DescribedField[]
}

/** The part of node-postgres' connection that is used here; it is public, and not in its types. */
interface WireConnection {
  parse(message: { text: string; name: string }): void
  describe(message: { type: 'S'; name: string }): void
  sync(): void
  once(event: 'parameterDescription', listener: (message: { dataTypeIDs: number[] }) => void): void
  removeListener(event: 'parameterDescription', listener: (message: { dataTypeIDs: number[] }) => void): void
}

/** Asks the server for the types of a statement's parameters and columns. Nothing is executed: Parse, Describe, Sync. */
export function describeStatement(client: pg.Client, text: string): Promise<StatementDescription> {
  return new Promise((resolve, reject) => {
    let parameters: readonly number[] = []
    let fields: readonly DescribedField[] = []
    let stopListening = (): void => {}
    const submittable = {
      submit(connection: WireConnection) {
        const onParameters = (message: { dataTypeIDs: number[] }): void => {
          parameters = message.dataTypeIDs
        }
        connection.once('parameterDescription', onParameters)
        stopListening = () => connection.removeListener('parameterDescription', onParameters)
        connection.parse({ text, name: '' })
        connection.describe({ type: 'S', name: '' })
        connection.sync()
      },
      handleRowDescription(message: { fields: readonly DescribedField[] }) {
        fields = message.fields
      },
      handleError(error: Error) {
        stopListening()
        reject(error)
      },
      handleReadyForQuery() {
        stopListening()
        resolve({ parameters, fields })
      },
      handleEmptyQuery() {},
      handleCommandComplete() {},
      handleDataRow() {},
      handlePortalSuspended() {},
    }
    client.query(submittable as unknown as pg.Submittable)
  })
}
