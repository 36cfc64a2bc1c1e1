import type { CompletedPart, S3Client } from '@aws-sdk/client-s3'

type Sdk = typeof import('@aws-sdk/client-s3')

/** The smallest size of a part, and the most parts of an object, are S3's: 5 MiB and 10,000. */
const PART_BYTES = 8 * 2 ** 20
/** After this many parts their size grows by one such step: 10,000 of them are 440 GB. */
const GROWS_AFTER = 1000
/** Parts in flight; memory holds that many, plus the one being filled. */
const IN_FLIGHT = 2

/**
 * Writes an object in parts, so that memory holds a few of them and never the whole. It exists when `end` resolves:
 * until then the store shows none.
 */
export class S3Upload {
  readonly #sdk: Sdk
  readonly #client: S3Client
  readonly #object: { readonly Bucket: string; readonly Key: string }
  readonly #signal: AbortSignal | undefined
  #uploadId: string | undefined
  #filling: Uint8Array[] = []
  #filled = 0
  #number = 0
  readonly #sending = new Set<Promise<void>>()
  readonly #parts: CompletedPart[] = []
  #failure: { readonly error: unknown } | undefined

  constructor(
    sdk: Sdk,
    client: S3Client,
    object: { readonly Bucket: string; readonly Key: string },
    signal: AbortSignal | undefined,
  ) {
    this.#sdk = sdk
    this.#client = client
    this.#object = object
    this.#signal = signal
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#throwIfFailed()
    this.#filling.push(bytes)
    this.#filled += bytes.length
    if (this.#filled >= PART_BYTES * (1 + Math.floor(this.#number / GROWS_AFTER))) await this.#sendPart()
  }

  async end(): Promise<void> {
    if (this.#uploadId === undefined) {
      const Body = this.#take()
      await this.#send(new this.#sdk.PutObjectCommand({ ...this.#object, Body, ContentLength: Body.length }))
      return
    }
    if (this.#filled > 0) await this.#sendPart()
    await Promise.all(this.#sending)
    this.#throwIfFailed()
    const Parts = this.#parts.toSorted((a, b) => Number(a.PartNumber) - Number(b.PartNumber))
    await this.#send(
      new this.#sdk.CompleteMultipartUploadCommand({
        ...this.#object,
        UploadId: this.#uploadId,
        MultipartUpload: { Parts },
      }),
    )
  }

  /** Makes the store discard its parts; as far as it can be reached. */
  async abort(): Promise<void> {
    await Promise.allSettled(this.#sending)
    if (this.#uploadId === undefined) return
    const command = new this.#sdk.AbortMultipartUploadCommand({ ...this.#object, UploadId: this.#uploadId })
    await this.#client.send(command).catch(() => {})
  }

  async #sendPart(): Promise<void> {
    if (this.#uploadId === undefined) {
      const { UploadId } = await this.#client.send(new this.#sdk.CreateMultipartUploadCommand(this.#object), {
        ...(this.#signal && { abortSignal: this.#signal }),
      })
      this.#uploadId = UploadId ?? ''
    }
    while (this.#sending.size >= IN_FLIGHT) await Promise.race(this.#sending)
    this.#throwIfFailed()
    const Body = this.#take()
    this.#number += 1
    const part: Promise<void> = this.#upload(this.#number, this.#uploadId, Body)
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#sending.delete(part))
    this.#sending.add(part)
  }

  async #upload(PartNumber: number, UploadId: string, Body: Uint8Array): Promise<void> {
    const input = { ...this.#object, UploadId, PartNumber, Body, ContentLength: Body.length }
    const { ETag } = await this.#client.send(new this.#sdk.UploadPartCommand(input), {
      ...(this.#signal && { abortSignal: this.#signal }),
    })
    this.#parts.push({ PartNumber, ...(ETag !== undefined && { ETag }) })
  }

  #send(
    command: InstanceType<Sdk['PutObjectCommand']> | InstanceType<Sdk['CompleteMultipartUploadCommand']>,
  ): Promise<unknown> {
    const options = { ...(this.#signal && { abortSignal: this.#signal }) }
    if (command instanceof this.#sdk.PutObjectCommand) return this.#client.send(command, options)
    return this.#client.send(command, options)
  }

  #take(): Uint8Array {
    const bytes = Buffer.concat(this.#filling)
    this.#filling = []
    this.#filled = 0
    return bytes
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error
  }
}
