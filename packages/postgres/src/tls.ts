import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const

/** The values of libpq's `sslmode` that have a meaning here. `allow` and `prefer` may fall back to plain text, so they are refused. */
export type TlsMode = (typeof MODES)[number]

/** Whether a text is a mode that is understood. */
export function isTlsMode(text: string): text is TlsMode {
  return MODES.some((mode) => mode === text)
}

/** PEM files, as libpq names them: sslrootcert, sslcert, sslkey. */
export interface TlsFiles {
  readonly rootCertificate: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
}

/**
 * libpq's meaning of each mode (https://www.postgresql.org/docs/current/libpq-ssl.html): `require` encrypts and verifies
 * nothing unless a root certificate is given, `verify-ca` verifies the chain, `verify-full` also the name of the host.
 * The driver's own reading of a URL takes all three for verify-full.
 */
export function tlsOptions(mode: TlsMode, files: TlsFiles): ConnectionOptions | false {
  if (mode === 'disable') return false
  const { rootCertificate, certificate, key } = files
  const material: ConnectionOptions = {
    ...(rootCertificate === undefined || rootCertificate === 'system' ? {} : { ca: readFileSync(rootCertificate) }),
    ...(certificate === undefined ? {} : { cert: readFileSync(certificate) }),
    ...(key === undefined ? {} : { key: readFileSync(key) }),
  }
  if (mode === 'verify-full') return material
  if (mode === 'require' && rootCertificate === undefined) return { ...material, rejectUnauthorized: false }
  return { ...material, checkServerIdentity: () => undefined }
}
