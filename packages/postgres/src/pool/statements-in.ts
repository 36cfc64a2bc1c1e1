/** The maximum number of statements in a text: the parts between semicolons, quoted or not. */
export function statementsIn(text: string): number {
  return text.split(';').filter((part) => part.trim() !== '').length || 1
}
