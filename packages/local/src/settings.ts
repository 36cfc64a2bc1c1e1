import { defineSettings, field } from '@miyabi/core'

/**
 * The embedded stack's settings from the environment, besides `MIYABI_STACK_DIR`, which all code that searches for the
 * stack reads.
 */
export const localSettings = defineSettings({
  title: 'Embedded stack',
  fields: {
    MIYABI_CACHE_DIR: field.optional(
      field.pattern({
        doc: 'Where prepared data, temporary stacks, and data that cannot be in the workspace are stored. Set it when the default is on a full or slow disk.',
        default: '',
        example: '/var/cache/miyabi',
        matches: /./,
        expected: 'a path',
      }),
      "the platform's cache folder",
    ),
    DYNOXIDE_BIN: field.optional(
      field.pattern({
        doc: 'The DynamoDB engine to run. Set it on a platform for which none is installed.',
        default: '',
        example: '/usr/local/bin/dynoxide',
        matches: /./,
        expected: 'the path of an executable file',
      }),
      'the installed package, else `dynoxide` on PATH',
    ),
  },
})
