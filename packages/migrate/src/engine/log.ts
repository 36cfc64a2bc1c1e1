/**
 * Writes one log line to standard error, in the form of the native engine. The CLI reads these: of a one-shot command
 * it takes code and message from the line of level ERROR, and of an engine that ended it shows the last such message.
 */
export function writeLog(
  level: 'INFO' | 'ERROR',
  fields: { readonly message: string; readonly [field: string]: unknown },
): void {
  const line = { timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' }
  process.stderr.write(`${JSON.stringify(line)}\n`)
}
