/** Says on stderr what is under way: one line that is overwritten on a terminal, a line each elsewhere. */
export function say(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}` : `${text}\n`)
}

/** Removes the line that is overwritten. */
export function sayNoMore(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
}

/** Says on stderr what a reader of the result must know; it stays. */
export function warn(text: string): void {
  sayNoMore()
  process.stderr.write(`${text}\n`)
}
