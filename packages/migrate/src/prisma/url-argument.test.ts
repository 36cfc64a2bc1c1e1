import { describe, expect, it } from 'vitest'
import { takeUrl } from './url-argument.js'

const URL = 'postgresql://app:s3cret@h/d'
const words = (text: string): string[] => text.split(' ')

describe('takeUrl', () => {
  it.each([
    [`db pull --url ${URL} --print`, 'db pull --print'],
    [`db push --url=${URL}`, 'db push'],
    [`studio --url ${URL} --port 5`, 'studio --port 5'],
  ])('moves the URL of `%s` out of what `ps` shows', (given, left) => {
    expect(takeUrl(words(given))).toEqual({ args: words(left), env: { DIRECT_DATABASE_URL: URL } })
  })

  it.each(['migrate deploy', 'db pull --url', `db seed -- --url ${URL}`, 'db pull --url -- x', `init --url ${URL}`])(
    'leaves `%s` as it is',
    (given) => {
      expect(takeUrl(words(given))).toEqual({ args: words(given), env: {} })
    },
  )
})
