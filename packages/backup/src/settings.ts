import { defineSettings, type Environment, field, readVariable } from '@miyabi/core'

/**
 * The settings that backups read from the environment, besides both stores' settings and the credentials of the AWS
 * SDK.
 */
export const backupSettings = defineSettings({
  title: 'Backups',
  fields: {
    BACKUP_TARGET: field.optional(
      field.pattern({
        doc: 'Where backups are stored: a folder, whose parent must exist, or a prefix of an S3 bucket, or of an S3-compatible store. The latter requires the package `@aws-sdk/client-s3`.',
        default: '',
        example: '/var/backups/miyabi',
        matches: /^(?!s3:|[a-z0-9+]+:\/\/).|^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[^/]+)*\/?$/,
        expected: 'the path of a folder, such as /var/backups/miyabi, or s3://bucket/prefix',
      }),
      '`backups` in the folder of the embedded stack, `.miyabi`; in production none',
    ),
    BACKUP_KEY_FILE: field.optional(
      field.pattern({
        doc: 'A file of 32 random bytes, with which backups are encrypted and authenticated; create one with `head -c 32 /dev/urandom`. Without it the backups are lost, so keep a copy elsewhere. If unset, a folder holds them unencrypted, and S3 is refused.',
        default: '',
        example: '/etc/miyabi/backup.key',
        matches: /./,
        expected: 'a path',
      }),
      'none: backups are not encrypted',
    ),
    BACKUP_S3_ENDPOINT: field.optional(
      field.pattern({
        doc: 'The S3-compatible store, if it is not AWS. Its region and credentials are those of the AWS SDK.',
        default: '',
        example: 'https://storage.example.com',
        matches: /^https?:\/\/[^/?#@]+\/?$/,
        expected: 'the URL of a server, such as https://storage.example.com, without a login in it',
      }),
      'AWS',
    ),
  },
})

/** The parsed settings of backups. */
export type BackupSettings = ReturnType<typeof parseBackupSettings>

/** @throws {ConfigError} `config.invalid` */
export function parseBackupSettings(env: Environment) {
  const { BACKUP_TARGET: target, BACKUP_KEY_FILE: keyFile, BACKUP_S3_ENDPOINT: s3Endpoint } = backupSettings.parse(env)
  return { target, keyFile, s3Endpoint, region: readVariable(env, 'AWS_REGION') ?? 'us-east-1' }
}
