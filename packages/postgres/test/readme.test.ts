import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { meaningOf, type PostgresErrorCode } from '../src/errors/codes.js'
import { POSTGRES_ERRORS, postgresSettings } from '../src/index.js'

const README = path.resolve(import.meta.dirname, '..', 'README.md')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const settings = table(
  ['variable', 'default', 'unit', 'what it does, and the symptom that calls for it'],
  Object.entries(postgresSettings.fields).map(([name, { info }]) => [
    `\`${name}\``,
    info.defaultText,
    'unit' in info && info.unit ? info.unit : '',
    info.doc,
  ]),
)

const errors = table(
  ['code', 'retryable', 'effect', 'what happened, and what to do'],
  (Object.keys(POSTGRES_ERRORS) as PostgresErrorCode[]).map((code) => {
    const { retryable, effect, reason, remedy } = meaningOf(code)
    return [`\`${code}\``, retryable ? 'yes' : 'no', effect, remedy === undefined ? reason : `${reason}: ${remedy}`]
  }),
)

const withTables = (text: string): string =>
  Object.entries({ settings, errors }).reduce(
    (filled, [name, content]) =>
      filled.replace(new RegExp(`(<!-- ${name} -->\n)[^]*(<!-- /${name} -->)`), `$1\n${content}\n\n$2`),
    text,
  )

it('the tables of the README are those of the code (`vitest run -u` writes them)', async () => {
  await expect(withTables(readFileSync(README, 'utf8'))).toMatchFileSnapshot(README)
})
