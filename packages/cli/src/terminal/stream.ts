/** What is known of a stream that people may read. */
export type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'> &
  Partial<Pick<NodeJS.WriteStream, 'hasColors'>>

/** Whether a stream shows colors: as FORCE_COLOR says (0: no), else on a terminal that has them, unless NO_COLOR. */
export function showsColor(stream: Stream, env: NodeJS.ProcessEnv = process.env): boolean {
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return stream.isTTY && (stream.hasColors?.(env) ?? false)
}

/** How wide a result may be: as the terminal; unlimited for a pipe or a file, whose reader takes lines. */
export const widthOf = ({ isTTY, columns }: Stream): number =>
  isTTY && columns > 0 ? Math.max(40, columns) : Number.POSITIVE_INFINITY

/** How wide a text to be read is: as the terminal, at most 100 columns; 80 for a pipe or a file. */
export function proseWidthOf(stream: Stream): number {
  const width = widthOf(stream)
  return width === Number.POSITIVE_INFINITY ? 80 : Math.min(100, width)
}
