import { defineSettings, type Environment, field, readVariable } from '@miyabi/core'

/** What backups read from the environment, beside both stores' settings and the credentials of the AWS SDK. */
export const backupSettings = defineSettings({
  title: 'Backups',
  fields: {
    BACKUP_TARGET: field.optional(
      field.pattern({
        doc: 'Where backups lie: a folder, whose parent is there, or a prefix of a bucket of S3, or of a store that speaks like it. The latter needs the package `@aws-sdk/client-s3`.',
        default: '',
        example: '/var/backups/miyabi',
        matches: /^(?!s3:|[a-z0-9+]+:\/\/).|^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[^/]+)*\/?$/,
        expected: 'the path of a folder, such as /var/backups/miyabi, or s3://bucket/prefix',
      }),
      '`backups` in the folder of the embedded stack, `.miyabi`; in production none',
    ),
    BACKUP_KEY_FILE: field.optional(
      field.pattern({
        doc: 'A file of 32 random bytes, with which backups are encrypted and authenticated; make one with `head -c 32 /dev/urandom`. Who loses it has lost the backups, so keep a copy elsewhere. Without it a folder holds them as they are, and S3 is refused.',
        default: '',
        example: '/etc/miyabi/backup.key',
        matches: /./,
        expected: 'a path',
      }),
      'none: backups are not encrypted',
    ),
    BACKUP_S3_ENDPOINT: field.optional(
      field.pattern({
        doc: 'The store that speaks as S3 does, where it is not AWS. Its region and credentials are those of the AWS SDK.',
        default: '',
        example: 'https://storage.example.com',
        matches: /^https?:\/\/[^/?#@]+\/?$/,
        expected: 'the URL of a server, such as https://storage.example.com, without a login in it',
      }),
      'AWS',
    ),
  },
})

/** The settings of backups, read. */
export type BackupSettings = ReturnType<typeof parseBackupSettings>

/** @throws {ConfigError} `config.invalid` */
export function parseBackupSettings(env: Environment) {
  const { BACKUP_TARGET: target, BACKUP_KEY_FILE: keyFile, BACKUP_S3_ENDPOINT: s3Endpoint } = backupSettings.parse(env)
  return { target, keyFile, s3Endpoint, region: readVariable(env, 'AWS_REGION') ?? 'us-east-1' }
}
