/** How many statements a text has at the most: what stands between semicolons, in quotes or not. */
export function statementsIn(text: string): number {
  return text.split(';').filter((part) => part.trim() !== '').length || 1
}
