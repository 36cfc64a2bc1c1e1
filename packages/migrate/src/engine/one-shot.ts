import pg from 'pg'
import { withClient } from '../connection/client.js'
import { type Target, withDatabase } from '../connection/target.js'
import type { CliCommand } from './arguments.js'

const { escapeIdentifier } = pg

/** The sub-commands that the CLI runs on their own, before it starts the engine. Resolves to what to log. */
export async function runCliCommand(command: CliCommand, target: Target): Promise<string> {
  const maintenance = withDatabase(target, 'postgres')
  switch (command) {
    case 'can-connect-to-database':
      await withClient(target.config, (client) => client.query('SELECT 1'))
      return 'Connection successful'
    case 'create-database':
      await withClient(maintenance.config, (client) =>
        client.query(`CREATE DATABASE ${escapeIdentifier(target.database)}`),
      )
      if (target.schema !== 'public') {
        await withClient(target.config, (client) =>
          client.query(`CREATE SCHEMA IF NOT EXISTS ${escapeIdentifier(target.schema)}`),
        )
      }
      return `Database '${target.database}' was successfully created.`
    case 'drop-database':
      await withClient(maintenance.config, (client) =>
        client.query(`DROP DATABASE ${escapeIdentifier(target.database)}`),
      )
      return 'The database was successfully dropped.'
  }
}
