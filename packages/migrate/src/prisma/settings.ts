import { defineSettings, type Environment, field } from '@miyabi/core'

/** The settings that the migrations read from the environment. */
export const migrateSettings = defineSettings({
  title: 'Migrations',
  fields: {
    SHADOW_DATABASE_URL: field.url({
      doc: 'An empty database for `prisma migrate dev` and `diff` to work in: it is wiped at every use. Needed only if the login of DIRECT_DATABASE_URL may not create databases.',
      protocols: ['postgresql', 'postgres'],
      defaultText: 'none: a database is created and dropped each time',
      example: 'postgresql://miyabi_migrator:password@localhost:5432/miyabi_shadow',
    }),
    MAINTAIN_KEEP: field.optional(
      field.pattern({
        doc: 'Retention time of the tables with monthly partitions, used by `miyabi maintain`: for each table a whole number and d, w, month or y. A month is dropped when its last row may be.',
        matches: /^[a-z_][a-z0-9_]*=\d{1,5} ?[a-z]+(,[a-z_][a-z0-9_]*=\d{1,5} ?[a-z]+)*$/,
        default: '',
        expected: 'tables and times such as logs=90d,usage_events=13months',
      }),
      'nothing is dropped',
    ),
    MIYABI_PRISMA_ENGINE: field.oneOf({
      doc: "Which schema engine the Prisma CLI runs: `wasm` is Prisma's WebAssembly build, which needs no download; `native` keeps Prisma's own choice, a binary that it downloads, and whose arguments show the password of the database's URL to every user of the machine. On Windows it is always `native`.",
      values: ['wasm', 'native'],
      default: 'wasm',
    }),
  },
})

/** Whether the Prisma CLI runs our host of the WebAssembly engine. Windows cannot execute a script by its path. */
export function usesWasmEngine(env: Environment, platform: NodeJS.Platform = process.platform): boolean {
  return platform !== 'win32' && migrateSettings.parse(env).MIYABI_PRISMA_ENGINE === 'wasm'
}
