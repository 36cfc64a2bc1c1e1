import type { S3Client } from '@aws-sdk/client-s3'
import { BackupError } from '../errors/errors.js'
import { S3Upload } from './s3-upload.js'
import type { BackupTarget, TargetFile } from './target.js'
import { missingTarget, toTargetError } from './target-error.js'

/** The store and the place in it. */
export interface S3Location {
  readonly bucket: string
  /** Without `/` at its ends; blank for the whole bucket. */
  readonly prefix: string
  /** For a store other than AWS. */
  readonly endpoint?: string | undefined
  readonly region: string
}

type Sdk = typeof import('@aws-sdk/client-s3')

/**
 * Backups under a prefix of a bucket. Credentials come from the chain of the AWS SDK.
 * @throws {BackupError} `backup.sdk_missing`, `backup.target_missing`, `backup.target_failed`
 */
export async function openS3(location: S3Location): Promise<BackupTarget> {
  const sdk = await loadSdk()
  const { endpoint, region, bucket } = location
  const client = new sdk.S3Client({
    region,
    ...(endpoint && { endpoint, forcePathStyle: true }),
    // Stored data is hashed here, and stores other than AWS's do not support the SDK's newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const target = new S3Target(sdk, client, location)
  try {
    await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }))
  } catch (error) {
    target.close()
    // A store responds to a HEAD with its status alone.
    if ((error as { name?: string }).name === 'NotFound') throw missingTarget(target.name)
    throw toTargetError(error, { target: target.name, operation: 'list', file: '' })
  }
  return target
}

/** It is a megabyte and a half that no other target needs, so only users of this one install the package. */
async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (cause) {
    throw new BackupError(
      'backup.sdk_missing',
      'A backup target in S3 requires @aws-sdk/client-s3, which is not installed',
      {
        details: { package: '@aws-sdk/client-s3' },
        cause,
        remedy: 'install it beside @miyabi/backup',
      },
    )
  }
}

class S3Target implements BackupTarget {
  readonly name: string
  readonly isRemote = true
  readonly #sdk: Sdk
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string

  constructor(sdk: Sdk, client: S3Client, { bucket, prefix }: S3Location) {
    this.name = `s3://${bucket}${prefix && `/${prefix}`}`
    this.#sdk = sdk
    this.#client = client
    this.#bucket = bucket
    this.#prefix = prefix && `${prefix}/`
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const upload = new S3Upload(this.#sdk, this.#client, { Bucket: this.#bucket, Key: this.#prefix + key }, signal)
    try {
      for await (const bytes of body) await this.#try('write', key, () => upload.write(bytes))
      await this.#try('write', key, () => upload.end())
    } catch (error) {
      await upload.abort()
      signal?.throwIfAborted()
      throw error
    }
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const { GetObjectCommand, NoSuchKey } = this.#sdk
    try {
      const command = new GetObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key })
      const { Body } = await this.#client.send(command)
      return this.#read(Body as AsyncIterable<Uint8Array>, key)
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined
      throw toTargetError(error, { target: this.name, operation: 'read', file: key })
    }
  }

  async *#read(body: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
    try {
      yield* body
    } catch (error) {
      throw toTargetError(error, { target: this.name, operation: 'read', file: key })
    }
  }

  async *list(prefix: string): AsyncGenerator<TargetFile> {
    const input = { Bucket: this.#bucket, Prefix: this.#prefix + prefix }
    for (let token: string | undefined; ; ) {
      const command = new this.#sdk.ListObjectsV2Command({ ...input, ...(token && { ContinuationToken: token }) })
      const page = await this.#try('list', prefix, () => this.#client.send(command))
      for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
        yield { key: Key.slice(this.#prefix.length), bytes: Size, modifiedAt: LastModified }
      }
      token = page.NextContinuationToken
      if (!page.IsTruncated || token === undefined) return
    }
  }

  async remove(key: string): Promise<void> {
    const command = new this.#sdk.DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key })
    await this.#try('remove', key, () => this.#client.send(command))
  }

  close(): void {
    this.#client.destroy()
  }

  async #try<T>(operation: 'write' | 'read' | 'list' | 'remove', file: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw toTargetError(error, { target: this.name, operation, file })
    }
  }
}
