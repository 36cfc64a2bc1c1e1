const END_OF_LINE = 0x0a

/** The lines in a sequence of bytes, without their line breaks. */
export async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer[] = []
  for await (const part of bytes) {
    let start = 0
    for (let end = part.indexOf(END_OF_LINE); end >= 0; end = part.indexOf(END_OF_LINE, start)) {
      yield rest.length === 0 ? part.subarray(start, end) : Buffer.concat([...rest, part.subarray(start, end)])
      rest = []
      start = end + 1
    }
    if (start < part.length) rest.push(part.subarray(start))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}
