/** Wraps a text at spaces into lines of at most `width` columns; text between backticks stays on one line. */
export function wrap(text: string, width: number): readonly string[] {
  if (text.length <= width) return [text]
  const lines: string[] = []
  let line = ''
  for (const [piece] of text.matchAll(/(?:`[^`]*`|\S)+/g)) {
    if (line !== '' && line.length + 1 + piece.length > width) {
      lines.push(line)
      line = piece
    } else line = line === '' ? piece : `${line} ${piece}`
  }
  return [...lines, line]
}

/** Wraps each line of a text; continuation lines have the indentation of the line. */
export function wrapLines(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const [indent = ''] = /^ */.exec(line) ?? []
      return wrap(line.slice(indent.length), Math.max(20, width - indent.length)).map((part) => indent + part)
    })
    .join('\n')
}
