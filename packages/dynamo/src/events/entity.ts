import { Entity } from 'electrodb'

/**
 * One event. Keys, in final form:
 * - `pk` `$mb#t_<type>#d_<UTC day>#s_<shard, 4 digits>`, `sk` `$ev_1#id_<id>`;
 * - index byUser: `up` `<user>#<shard>`, `i` the id; index byRepository: `rp` `<repository>#<shard>`, `i`.
 *
 * Every part after the free text has a fixed form, so no text can make two keys equal. Names are short because they are
 * stored, and billed, with each item. `version` always stays 1 (it is in the keys); `schemaVersion` counts the shapes
 * of an item.
 */
export function eventEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'ev', version: '1' },
      attributes: {
        id: { type: 'string', required: true, field: 'i' },
        eventType: { type: 'string', required: true, field: 't', label: 't' },
        day: { type: 'string', required: true, readOnly: true, field: 'y', label: 'd' },
        shard: {
          type: 'number',
          required: true,
          readOnly: true,
          field: 's',
          label: 's',
          padding: { length: 4, char: '0' },
        },
        userId: { type: 'string', field: 'u' },
        repositoryId: { type: 'string', field: 'r' },
        userShard: { type: 'string', field: 'up' },
        repositoryShard: { type: 'string', field: 'rp' },
        data: { type: 'any', field: 'd' },
        /** When it was written, in milliseconds since 1970, by the writer's clock; not when it happened. */
        writtenAt: { type: 'number', required: true, field: 'w' },
        /**
         * A random id of one append under an id that others may use too: lets a repetition of that append recognize the
         * stored event as its own.
         */
        writeId: { type: 'string', field: 'n' },
        schemaVersion: { type: 'number', required: true, field: 'v' },
        /** Seconds since 1970. */
        ttl: { type: 'number', required: true, field: 'ttl' },
      },
      indexes: {
        byType: {
          pk: { field: 'pk', composite: ['eventType', 'day', 'shard'], casing: 'none' },
          sk: { field: 'sk', composite: ['id'], casing: 'none' },
        },
        byUser: { index: 'byUser', type: 'composite', pk: { composite: ['userShard'] }, sk: { composite: ['id'] } },
        byRepository: {
          index: 'byRepository',
          type: 'composite',
          pk: { composite: ['repositoryShard'] },
          sk: { composite: ['id'] },
        },
      },
    } as const,
    { table },
  )
}

export type EventEntity = ReturnType<typeof eventEntity>
