import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const

/** The supported values of libpq's `sslmode`. */
export type TlsMode = (typeof MODES)[number]

/** The TLS parameters of a URL, in libpq's names. */
export interface TlsParameters {
  readonly sslmode: string | undefined
  /** A PEM file of root certificates, or `system` for Node's built-in ones. */
  readonly sslrootcert: string | undefined
  /** PEM files of the client's own certificate and key. */
  readonly sslcert: string | undefined
  readonly sslkey: string | undefined
}

const isMode = (text: string): text is TlsMode => MODES.some((mode) => mode === text)

/**
 * Returns what is wrong with them: every combination that libpq rejects, or that would protect less than it seems to.
 */
export function tlsProblem(parameters: TlsParameters): string | undefined {
  const { sslmode, sslrootcert, sslcert, sslkey } = parameters
  if (sslmode === 'allow' || sslmode === 'prefer') {
    return `has sslmode=${sslmode}, which an attacker on the network can downgrade to plain text: use require, verify-ca or verify-full, or disable`
  }
  if (sslmode !== undefined && !isMode(sslmode)) {
    return 'has an sslmode other than disable, require, verify-ca and verify-full'
  }
  if ((sslcert === undefined) !== (sslkey === undefined)) return 'has one of sslcert and sslkey without the other'
  const mode = tlsMode(parameters)
  if (mode === 'disable') {
    const unused = Object.entries({ sslrootcert, sslcert }).find(([, file]) => file !== undefined)
    return unused && `has ${unused[0]} without an sslmode that uses it (require, verify-ca or verify-full)`
  }
  if (mode !== 'verify-full' && sslrootcert === 'system') {
    return `has sslrootcert=system with sslmode=${mode}: anyone can get a certificate from a public authority; use verify-full`
  }
  if (mode === 'verify-ca' && sslrootcert === undefined) {
    return 'has sslmode=verify-ca without sslrootcert, the authority to verify against'
  }
  return undefined
}

/** Returns the effective mode. Unset means `disable`, but `verify-full` with sslrootcert=system, as in libpq. */
export function tlsMode({ sslmode, sslrootcert }: TlsParameters): TlsMode {
  if (sslmode !== undefined && isMode(sslmode)) return sslmode
  return sslrootcert === 'system' ? 'verify-full' : 'disable'
}

/**
 * libpq's meaning of each mode (https://www.postgresql.org/docs/current/libpq-ssl.html): `require` encrypts and
 * verifies nothing unless a root certificate is given, `verify-ca` verifies the chain, `verify-full` also the name of
 * the host. The driver's own URL parser treats all three as verify-full.
 * @throws {CertificateFault} if a file cannot be read, or does not contain what its parameter requires.
 */
export function tlsOptions(parameters: TlsParameters): ConnectionOptions | false {
  const mode = tlsMode(parameters)
  if (mode === 'disable') return false
  const { sslrootcert, sslcert, sslkey } = parameters
  const material: ConnectionOptions = {
    ...(sslrootcert === undefined || sslrootcert === 'system' ? {} : { ca: authorities(sslrootcert) }),
    ...(sslcert === undefined || sslkey === undefined ? {} : ownCertificate(sslcert, sslkey)),
  }
  if (mode === 'verify-full') return material
  if (mode === 'require' && sslrootcert === undefined) return { ...material, rejectUnauthorized: false }
  return { ...material, checkServerIdentity: () => undefined }
}

/** A certificate or key file that cannot be used. Reveals nothing of its contents. */
export class CertificateFault extends Error {
  override readonly name = 'CertificateFault'
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new CertificateFault(`names a certificate file that cannot be read (${code})`)
  }
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

/** TLS silently ignores invalid certificates, and then trusts nobody. */
function authorities(file: string): Buffer {
  const content = read(file)
  const certificates = content.toString('latin1').match(CERTIFICATE) ?? []
  if (certificates.length === 0) throw new CertificateFault('has an sslrootcert whose file contains no certificate')
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate)
    } catch {
      throw new CertificateFault('has an sslrootcert whose file contains a certificate that cannot be parsed')
    }
  }
  return content
}

function ownCertificate(certFile: string, keyFile: string): { readonly cert: Buffer; readonly key: Buffer } {
  const [cert, key] = [read(certFile), read(keyFile)]
  const { createSecureContext } = process.getBuiltinModule('node:tls') // loads much: only if there is a certificate
  const isUsable = (material: ConnectionOptions): boolean => {
    try {
      createSecureContext(material)
      return true
    } catch {
      return false
    }
  }
  if (!isUsable({ cert })) throw new CertificateFault('has an sslcert whose file contains no certificate')
  if (!isUsable({ key }))
    throw new CertificateFault('has an sslkey whose file contains no key, or one that needs a passphrase')
  if (!isUsable({ cert, key })) throw new CertificateFault('has an sslkey that does not match its sslcert')
  return { cert, key }
}
