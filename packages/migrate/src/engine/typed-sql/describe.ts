import type pg from 'pg'
import { type DescribedField, type ParameterDescription, submit } from '../../internals/pg.js'

export interface StatementDescription {
  /** The type of each parameter. */
  readonly parameters: readonly number[]
  readonly fields: readonly DescribedField[]
}

/**
 * Asks the server for the types of a statement's parameters and columns. Nothing is executed: Parse, Describe, Sync.
 */
export function describeStatement(client: pg.Client, text: string): Promise<StatementDescription> {
  return new Promise((resolve, reject) => {
    let parameters: readonly number[] = []
    let fields: readonly DescribedField[] = []
    let stopListening = (): void => {}
    submit(client, {
      submit(connection) {
        const onParameters = (message: ParameterDescription): void => {
          parameters = message.dataTypeIDs
        }
        connection.once('parameterDescription', onParameters)
        stopListening = () => connection.removeListener('parameterDescription', onParameters)
        connection.parse({ text, name: '' })
        connection.describe({ type: 'S', name: '' })
        connection.sync()
      },
      handleRowDescription(message) {
        fields = message.fields
      },
      handleError(error) {
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
    })
  })
}
