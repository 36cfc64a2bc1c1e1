import type { Socket } from 'node:net'
import type pg from 'pg'
import { type Submission, submit, type Wire } from '../internals/pg.js'

const COPY_DATA = 'd'.charCodeAt(0)
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4])
const COPY_FAIL = 'f'.charCodeAt(0)

/**
 * Sends bytes to a `COPY ... FROM STDIN`, as fast as the server accepts them. pg itself does not support this.
 * @returns how many rows the server accepted.
 * @throws the server's error, or the error of `bytes`: then the server is told, and stores nothing.
 */
export function copyIn(client: pg.Client, text: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  return new Promise((resolve, reject) => {
    let rows = 0
    let failure: { readonly error: unknown } | undefined
    const submission: Submission = {
      submit: (wire: Wire): void => wire.query(text),
      handleCopyInResponse({ stream }: Wire): void {
        send(stream, bytes, () => failure !== undefined).catch((error: unknown) => {
          failure ??= { error }
          if (stream.writable) stream.write(message(COPY_FAIL, Buffer.from('the rows could not be read\0')))
        })
      },
      handleCommandComplete(answer: { readonly text: string }): void {
        rows = Number(/^COPY (\d+)/.exec(answer.text)?.[1] ?? 0)
      },
      handleError(error: unknown): void {
        failure ??= { error }
        reject(failure.error)
      },
      handleReadyForQuery(): void {
        if (failure) reject(failure.error)
        else resolve(rows)
      },
      handleRowDescription(): void {},
      handleDataRow(): void {},
      handlePortalSuspended(): void {},
      handleEmptyQuery(): void {},
    }
    submit(client, submission)
  })
}

async function send(stream: Socket, bytes: AsyncIterable<Uint8Array>, isOver: () => boolean): Promise<void> {
  for await (const part of bytes) {
    if (isOver() || !stream.writable) return
    stream.cork()
    stream.write(header(COPY_DATA, part.length))
    const hasRoom = stream.write(part)
    stream.uncork()
    if (!hasRoom) await drained(stream)
  }
  if (!isOver() && stream.writable) stream.write(COPY_DONE)
}

/** Resolves when the stream accepts more, or has ended. */
function drained(stream: Socket): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stream.off('drain', end).off('close', end)
      resolve()
    }
    stream.on('drain', end).on('close', end)
  })
}

function header(kind: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(5)
  head[0] = kind
  head.writeInt32BE(length + 4, 1)
  return head
}

const message = (kind: number, body: Buffer): Buffer => Buffer.concat([header(kind, body.length), body])
