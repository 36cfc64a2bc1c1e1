import { RowsHash } from '../format/rows-hash.js'

const NEWLINE = 10

/**
 * Counts and hashes the lines of a file, however it is split into parts. Each line ends with a line break, including
 * the last.
 */
export async function countLines(
  parts: AsyncIterable<Buffer>,
): Promise<{ readonly hash: RowsHash; readonly rest: number }> {
  const hash = new RowsHash()
  let before: Buffer[] = []
  for await (const part of parts) {
    let start = 0
    for (let end = part.indexOf(NEWLINE); end >= 0; end = part.indexOf(NEWLINE, start)) {
      if (before.length === 0) hash.add(part, start, end)
      else {
        hash.add(Buffer.concat([...before, part.subarray(start, end)]))
        before = []
      }
      start = end + 1
    }
    if (start < part.length) before.push(part.subarray(start))
  }
  return { hash, rest: before.reduce((sum, { length }) => sum + length, 0) }
}
