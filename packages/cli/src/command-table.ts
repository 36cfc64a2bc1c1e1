import type { CommandGroup } from './usage/table.js'

/** Every command of `miyabi`. */
export const miyabi: CommandGroup = {
  summary: 'Runs the embedded stack, migrations, DynamoDB tables, backups and checks of Miyabi DB',
  commands: {
    up: {
      summary: 'Starts the embedded stack and keeps it up until `miyabi down`',
      load: async () => (await import('./commands/up.js')).up,
    },
    down: {
      summary: 'Stops the embedded stack, or lets it stop with the last process that uses it',
      load: async () => (await import('./commands/down.js')).down,
    },
    status: {
      summary: 'Shows whether the embedded stack is up, with its ports, URLs, versions and sizes',
      load: async () => (await import('./commands/status.js')).status,
    },
    doctor: {
      summary: 'Checks settings, servers, schema, tables and pools, and names the fix of each finding',
      load: async () => (await import('./commands/doctor.js')).doctor,
    },
    tables: {
      summary: 'Shows and changes the DynamoDB tables',
      commands: {
        status: {
          summary: 'Shows which DynamoDB tables exist and how they differ from their definitions',
          load: async () => (await import('./commands/tables-status.js')).tablesStatus,
        },
        plan: {
          summary: 'Shows what `miyabi tables apply` would do',
          load: async () => (await import('./commands/tables-plan.js')).planTables,
        },
        apply: {
          summary: 'Creates missing DynamoDB tables and updates those that differ',
          load: async () => (await import('./commands/tables-apply.js')).applyTables,
        },
        export: {
          summary: 'Prints the DynamoDB tables as CloudFormation or Terraform',
          load: async () => (await import('./commands/tables-export.js')).exportTables,
        },
      },
    },
    migrate: {
      summary: 'Writes, checks, verifies and rolls back migrations',
      commands: {
        new: {
          summary: 'Writes a reversible migration for the changes of the Prisma schema',
          load: async () => (await import('./commands/migrate-new.js')).newCommand,
        },
        down: {
          summary: 'Writes the missing down.sql of a migration',
          load: async () => (await import('./commands/migrate-down.js')).downCommand,
        },
        verify: {
          summary: 'Runs every migration up, down and up again in scratch databases with rows',
          load: async () => (await import('./commands/migrate-verify.js')).verifyCommand,
        },
        lint: {
          summary: 'Checks new migrations for locks, data loss and privilege leaks',
          load: async () => (await import('./commands/migrate-lint.js')).lintCommand,
        },
        drift: {
          summary: 'Compares both stores with what the code defines',
          load: async () => (await import('./commands/migrate-drift.js')).driftCommand,
        },
        status: {
          summary: 'Shows which migrations are applied, pending, failed, edited or unknown',
          load: async () => (await import('./commands/migrate-status.js')).migrateStatus,
        },
        rollback: {
          summary: 'Rolls back the last migration with its down.sql',
          load: async () => (await import('./commands/migrate-rollback.js')).rollbackCommand,
        },
      },
    },
    prisma: {
      summary: 'Runs any Prisma command with the WebAssembly schema engine and a database',
      load: async () => (await import('./commands/prisma.js')).prisma,
    },
    pool: {
      summary: 'Shows whether the connection pools of all instances fit into the PostgreSQL server',
      load: async () => (await import('./commands/pool.js')).pool,
    },
    slow: {
      summary: 'Lists the statements that PostgreSQL spends most time on, or shows the plan of one',
      load: async () => (await import('./commands/slow.js')).slow,
    },
    relay: {
      summary: 'Delivers the effects of committed transactions from the outbox',
      load: async () => (await import('./commands/relay.js')).relay,
    },
    outbox: {
      summary: 'Shows and manages the effects of committed transactions in the outbox',
      commands: {
        status: {
          summary: 'Shows what is pending in the outbox and how many relays process it',
          load: async () => (await import('./commands/outbox-status.js')).outboxStatus,
        },
        dead: {
          summary: 'Lists the newest 100 dead letters of the outbox, without their payloads',
          load: async () => (await import('./commands/outbox-dead.js')).outboxDead,
        },
        retry: {
          summary: 'Returns dead letters to the queue, behind the pending effects of their keys',
          load: async () => (await import('./commands/outbox-retry.js')).outboxRetry,
        },
        discard: {
          summary: 'Permanently deletes dead letters of the outbox',
          load: async () => (await import('./commands/outbox-discard.js')).outboxDiscard,
        },
        topics: {
          summary: 'Controls which effects users may cause',
          commands: {
            plan: {
              summary: 'Shows what `miyabi outbox topics apply` would do',
              load: async () => (await import('./commands/outbox-topics-plan.js')).planOutboxTopics,
            },
            apply: {
              summary: 'Lets users cause the effects that the application opens to them, and no others',
              load: async () => (await import('./commands/outbox-topics-apply.js')).applyOutboxTopics,
            },
          },
        },
      },
    },
    streams: {
      summary: 'Manages the records that consumers of DynamoDB streams could not handle',
      commands: {
        dead: {
          summary: 'Lists the newest 100 records that consumers could not handle, without their items',
          load: async () => (await import('./commands/streams-dead.js')).streamsDead,
        },
        retry: {
          summary: 'Redelivers to a consumer the records that it could not handle',
          load: async () => (await import('./commands/streams-retry.js')).streamsRetry,
        },
        discard: {
          summary: 'Permanently deletes records that a consumer could not handle',
          load: async () => (await import('./commands/streams-discard.js')).streamsDiscard,
        },
      },
    },
    maintain: {
      summary: 'Creates the next monthly partitions of tables, and drops expired ones',
      load: async () => (await import('./commands/maintain.js')).maintain,
    },
    backup: {
      summary: 'Creates, verifies, restores and tests backups of both stores at one cut',
      commands: {
        create: {
          summary: 'Writes a backup of PostgreSQL and DynamoDB at one cut, while they are in use',
          load: async () => (await import('./commands/backup-create.js')).backupCreate,
        },
        list: {
          summary: 'Lists the backups, oldest first, and the leftovers of incomplete ones',
          load: async () => (await import('./commands/backup-list.js')).backupList,
        },
        verify: {
          summary: 'Reads backups completely, without a server, and checks files, contents and rows',
          load: async () => (await import('./commands/backup-verify.js')).backupVerify,
        },
        restore: {
          summary: 'Restores a backup of both stores into an empty stack, and migrates it',
          load: async () => (await import('./commands/backup-restore.js')).restoreCommand,
        },
        resume: {
          summary: 'Lets relays and consumers of streams work on a restored store',
          load: async () => (await import('./commands/backup-resume.js')).resumeCommand,
        },
        drill: {
          summary: 'Restores a backup into a temporary stack and compares every row and item',
          load: async () => (await import('./commands/backup-drill.js')).drillCommand,
        },
        prune: {
          summary: 'Removes old backups and the leftovers of incomplete ones',
          load: async () => (await import('./commands/backup-prune.js')).backupPrune,
        },
      },
    },
  },
}
