const BLOCK = 512

/** The header of a file in an archive. */
export interface TarEntry {
  readonly name: string
  readonly type: 'file' | 'folder' | 'link'
  readonly mode: number
  readonly size: number
}

/** The handlers for the parts of a tar archive. */
export interface TarSink {
  /** Starts an entry; the bytes of a file follow. */
  begin(entry: TarEntry): Promise<void>
  write(bytes: Buffer): Promise<void>
  end(): Promise<void>
}

/** Reads a tar archive (ustar, as PostgreSQL writes it) out of pieces of any size. */
export class TarReader {
  readonly #sink: TarSink
  /** The beginning of a header that is not complete yet. */
  #rest: Buffer = Buffer.alloc(0)
  /** Remaining bytes of the file, and padding bytes of its last block. */
  #missing = 0
  #padding = 0

  constructor(sink: TarSink) {
    this.#sink = sink
  }

  async take(piece: Buffer): Promise<void> {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece
    this.#rest = Buffer.alloc(0)
    while (bytes.length > 0) {
      if (this.#missing > 0) {
        const part = bytes.subarray(0, this.#missing)
        this.#missing -= part.length
        bytes = bytes.subarray(part.length)
        await this.#sink.write(part)
        if (this.#missing === 0) await this.#sink.end()
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, bytes.length)
        this.#padding -= skipped
        bytes = bytes.subarray(skipped)
      } else if (bytes.length < BLOCK) {
        this.#rest = Buffer.from(bytes)
        return
      } else {
        await this.#begin(bytes.subarray(0, BLOCK))
        bytes = bytes.subarray(BLOCK)
      }
    }
  }

  /** @throws {Error} if the archive ends in the middle of an entry. */
  finish(): void {
    if (this.#missing > 0 || this.#rest.length > 0) throw new Error('the archive ends in the middle of a file')
  }

  async #begin(header: Buffer): Promise<void> {
    if (header.every((byte) => byte === 0)) return
    const entry = entryOf(header)
    this.#missing = entry.size
    this.#padding = (BLOCK - (entry.size % BLOCK)) % BLOCK
    await this.#sink.begin(entry)
    if (entry.size === 0) await this.#sink.end()
  }
}

const TYPES: Readonly<Record<string, TarEntry['type']>> = { '0': 'file', '\0': 'file', '5': 'folder', '2': 'link' }

function entryOf(header: Buffer): TarEntry {
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  if (numberIn(header, 148, 8) !== sum) throw new Error('the header of a file in the archive is damaged')
  const type = TYPES[String.fromCharCode(header[156] ?? 0)]
  const name = [textIn(header, 345, 155), textIn(header, 0, 100)].filter((part) => part !== '').join('/')
  if (type === undefined) throw new Error(`the archive contains an entry of unknown kind: ${name}`)
  const size = type === 'file' ? sizeIn(header) : 0
  return { name, type, mode: numberIn(header, 100, 8), size }
}

/** In octal digits or, if those do not suffice (8 GB or more), as a binary number. */
const sizeIn = (header: Buffer): number =>
  (header[124] ?? 0) & 0x80 ? Number(header.readBigUInt64BE(128)) : numberIn(header, 124, 12)

const numberIn = (header: Buffer, at: number, length: number): number =>
  Number.parseInt(textIn(header, at, length).trim() || '0', 8)

function textIn(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? length : end).toString()
}
