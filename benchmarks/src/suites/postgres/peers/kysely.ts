import { type Generated, Kysely, PostgresDialect, sql } from 'kysely'
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres'
import type pg from 'pg'
import { columns, type NewLog } from '../model.js'
import type { PostgresPeer } from './peer.js'

type TextColumns<Names extends Readonly<Record<string, string>>> = { [Column in Names[keyof Names]]: string }

interface LogTable {
  id: Generated<string>
  level: NewLog['level']
  message: string
  data: NewLog['data']
  created_at: Generated<Date>
}

interface UsageEventTable {
  id: Generated<string>
  user_id: string
  plugin_id: string
  event_type: string
  event_data: Generated<unknown>
  quantity: Generated<number | null>
  meter: Generated<string | null>
  agent: Generated<string | null>
  created_at: Generated<Date>
}

interface Database {
  plugins: Omit<TextColumns<typeof columns.plugin>, 'downloads'> & { downloads: number }
  users: TextColumns<typeof columns.user>
  plugin_reviews: TextColumns<typeof columns.review>
  logs: LogTable
  usage_events: UsageEventTable
}

/** `display_name as displayName`, for every column of a table. */
function aliased<Names extends Readonly<Record<string, string>>>(names: Names) {
  return Object.entries(names).map(([name, column]) => `${column} as ${name}`) as {
    [Name in keyof Names & string]: `${Names[Name]} as ${Name}`
  }[keyof Names & string][]
}

const plugin = aliased(columns.plugin)
const user = aliased(columns.user)
const review = aliased(columns.review)
const log = aliased(columns.log)
const usageEvent = aliased(columns.usageEvent)

/** Kysely over `pg`. It builds the SQL anew for each call and does not name statements. */
export function kyselyPeer(name: string, pool: pg.Pool): PostgresPeer {
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  return {
    name,
    findPlugin: (id) => db.selectFrom('plugins').select(plugin).where('id', '=', id).executeTakeFirst(),
    findPluginWithRelations: (id) =>
      db
        .selectFrom('plugins')
        .select(plugin)
        .select((plugins) => [
          jsonObjectFrom(plugins.selectFrom('users').select(user).whereRef('users.id', '=', 'plugins.author_id')).as(
            'author',
          ),
          jsonArrayFrom(
            plugins
              .selectFrom('plugin_reviews')
              .select(review)
              .whereRef('plugin_reviews.plugin_id', '=', 'plugins.id')
              .orderBy('plugin_reviews.id'),
          ).as('reviews'),
        ])
        .where('plugins.id', '=', id)
        .executeTakeFirst(),
    insertLog: (row) => db.insertInto('logs').values(row).returning(log).executeTakeFirst(),
    async insertLogs(rows) {
      const [result] = await db.insertInto('logs').values(rows).execute()
      return Number(result?.numInsertedOrUpdatedRows)
    },
    recordUsage: ({ userId, pluginId }) =>
      db.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('usage_events')
          .values({ user_id: userId, plugin_id: pluginId, event_type: 'command_used' })
          .execute()
        await transaction
          .updateTable('plugins')
          .set({ downloads: sql`downloads + 1` })
          .where('id', '=', pluginId)
          .execute()
        return transaction
          .selectFrom('plugins')
          .select(['id', 'display_name as displayName'])
          .where('id', '=', pluginId)
          .executeTakeFirst()
      }),
    pageOfUsage: (afterId, limit) =>
      db.selectFrom('usage_events').select(usageEvent).where('id', '>', afterId).orderBy('id').limit(limit).execute(),
  }
}
