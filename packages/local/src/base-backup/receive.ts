import pg from 'pg'

/**
 * The parts of a base backup that a server sends, in this order: for each archive its name and its bytes, then the
 * manifest.
 */
export type BackupFrame =
  /** Start of a tar archive: `base.tar` is the data folder, others are tablespaces. */
  | { readonly type: 'archive'; readonly name: string }
  /** The next bytes of the archive. It ends without the two blocks of zeros of a tar file. */
  | { readonly type: 'data'; readonly bytes: Buffer }
  /** The next bytes of `backup_manifest`. */
  | { readonly type: 'manifest'; readonly bytes: Buffer }

export interface BaseBackupOptions {
  /** A login with REPLICATION. */
  readonly url: string
  /** The name shown in the server's log. */
  readonly label: string
}

/** Bytes read from the server and not yet consumed, before it is paused. */
const AHEAD_BYTES = 4 * 1024 * 1024

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * Receives a base backup over the replication protocol, with the driver alone: after an immediate checkpoint, and with
 * the log that makes it consistent, so that a server can start on it without anything else. Consuming the frames slowly
 * slows the server down; stopping ends the backup.
 * @throws the error of the server or the network.
 */
export async function* receiveBaseBackup(options: BaseBackupOptions): AsyncGenerator<BackupFrame, void, undefined> {
  const client = replicationClient(options.url)
  await client.connect()
  const frames = new Frames(
    `BASE_BACKUP (LABEL ${quoted(options.label)}, CHECKPOINT 'fast', WAL true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')`,
  )
  client.on('error', (error) => frames.handleError(error))
  client.query(frames)
  let isDone = false
  try {
    for (;;) {
      const frame = await frames.next()
      if (frame === undefined) break
      yield frame
    }
    isDone = true
  } finally {
    if (isDone) await client.end()
    else frames.cut()
  }
}

/** Runs one command of the replication protocol, and returns its rows. */
export async function replicationCommand(
  url: string,
  command: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = replicationClient(url)
  client.on('error', () => {}) // reported by the awaited query
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(command)).rows
  } finally {
    await client.end()
  }
}

/** The driver passes it on as the startup parameter; its types omit it. */
function replicationClient(url: string): pg.Client {
  const config: pg.ClientConfig & { readonly replication: string } = { connectionString: url, replication: 'true' }
  return new pg.Client(config)
}

/** The part of the driver's connection that is used. */
interface Wire {
  readonly stream: { pause(): void; resume(): void; destroy(): void }
  query(text: string): void
}

/** The driver's side of the command: receives the frames, and pauses when they are not consumed. */
class Frames {
  readonly #text: string
  readonly #waiting: BackupFrame[] = []
  #waitingBytes = 0
  #wire: Wire | undefined
  #isInManifest = false
  #isEnded = false
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(text: string) {
    this.#text = text
  }

  async next(): Promise<BackupFrame | undefined> {
    for (;;) {
      const frame = this.#waiting.shift()
      if (frame) {
        if ('bytes' in frame) this.#waitingBytes -= frame.bytes.length
        if (this.#waitingBytes < AHEAD_BYTES / 2) this.#wire?.stream.resume()
        return frame
      }
      if (this.#failure) throw this.#failure
      if (this.#isEnded) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  cut(): void {
    this.#wire?.stream.destroy()
  }

  // The methods below are called by the driver.

  submit(connection: unknown): void {
    this.#wire = connection as Wire
    this.#wire.query(this.#text)
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const rest = chunk.subarray(1)
    switch (chunk[0]) {
      case 0x6e: // n: a new archive, its name and the place of its tablespace, each ended by a zero
        this.#isInManifest = false
        this.#give({ type: 'archive', name: rest.subarray(0, rest.indexOf(0)).toString() })
        break
      case 0x6d: // m
        this.#isInManifest = true
        break
      case 0x64: // d
        // A copy: the driver reuses its buffer.
        this.#give({ type: this.#isInManifest ? 'manifest' : 'data', bytes: Buffer.from(rest) })
        break
      default: // p: progress
    }
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  handleError(error: Error): void {
    this.#failure ??= error
    this.#wake?.()
  }

  #give(frame: BackupFrame): void {
    this.#waiting.push(frame)
    if ('bytes' in frame) this.#waitingBytes += frame.bytes.length
    if (this.#waitingBytes > AHEAD_BYTES) this.#wire?.stream.pause()
    this.#wake?.()
  }
}
