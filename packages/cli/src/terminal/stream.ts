/** The properties of an output stream that may be a terminal. */
export type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'> &
  Partial<Pick<NodeJS.WriteStream, 'hasColors'>>

/** Whether to use colors: as FORCE_COLOR states (0: no), else on a terminal that supports them, unless NO_COLOR. */
export function showsColor(stream: Stream, env: NodeJS.ProcessEnv = process.env): boolean {
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return stream.isTTY && (stream.hasColors?.(env) ?? false)
}

/** Maximum width of a result: that of the terminal; unlimited for a pipe or a file, whose readers process lines. */
export const widthOf = ({ isTTY, columns }: Stream): number =>
  isTTY && columns > 0 ? Math.max(40, columns) : Number.POSITIVE_INFINITY

/** The width of prose: that of the terminal, at most 100 columns; 80 for a pipe or a file. */
export function proseWidthOf(stream: Stream): number {
  const width = widthOf(stream)
  return width === Number.POSITIVE_INFINITY ? 80 : Math.min(100, width)
}
