import { generate } from 'selfsigned'

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

const DAY_MS = 86_400_000

/** A private certificate authority, as a company has one. */
export async function certificateAuthority(name: string): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return { cert, key }
}

/**
 * A certificate that `authority` signs.
 * @param options.names DNS names and IP addresses of a server; none for a client, whose common name is its login.
 */
export async function certificate(
  authority: Certificate,
  commonName: string,
  options: { readonly names?: readonly string[]; readonly expired?: boolean } = {},
): Promise<Certificate> {
  const { names = [], expired = false } = options
  const end = Date.now() + (expired ? -DAY_MS : DAY_MS)
  const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: authority,
    notBeforeDate: new Date(end - 2 * DAY_MS),
    notAfterDate: new Date(end),
    extensions: [
      { name: 'basicConstraints', cA: false },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (/^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  })
  return { cert, key }
}
