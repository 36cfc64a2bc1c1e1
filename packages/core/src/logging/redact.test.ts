import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactText } from './redact.js'

describe('redactText', () => {
  it.each([
    // URLs, also those whose password was not encoded
    ['postgresql://app:SECRET@db.example.com:5432/x now', 'postgresql://app:***@db.example.com:5432/x now'],
    ['reach postgresql://app:p@SECRET@db.example.com/x', 'reach postgresql://app:***@db.example.com/x'],
    ['postgresql://app:pa ssSECRET@h/db', 'postgresql://app:***@h/db'],
    ['postgresql://app:p@ss wordSECRET@h/db', 'postgresql://app:***@h/db'],
    ['postgresql://u:m@g/1SECRET@host/db', 'postgresql://u:***@host/db'],
    ['postgresql://u:1/SECRET@host/db', 'postgresql://u:***@host/db'],
    ['postgresql://u:a#SECRET?b@host/db', 'postgresql://u:***@host/db'],
    ['postgres://u:p%20SECRET@h/x?password=SECRET&x=1', 'postgres://u:***@h/x?password=***&x=1'],
    ['a://u:SECRET@h1/x b://v:SECRET@h2/y', 'a://u:***@h1/x b://v:***@h2/y'],
    ['{"url":"postgresql://u:SECRET@h/d","email":"a@b.c"}', '{"url":"postgresql://u:***@h/d","email":"a@b.c"}'],
    ['redis://:SECRET@h', 'redis://:***@h'],
    ['postgresql://SECRET@h', 'postgresql://***@h'],
    ['https://SECRET@github.com/a/b', 'https://***@github.com/a/b'],
    [
      'https://h/?X-Amz-Signature=SECRET&X-Amz-Security-Token=SECRET',
      'https://h/?X-Amz-Signature=***&X-Amz-Security-Token=***',
    ],
    [
      'https://h/?url=https%3A%2F%2Fx%3Fpassword%3DSECRET%26x%3D1',
      'https://h/?url=https%3A%2F%2Fx%3Fpassword%3D***%26x%3D1',
    ],
    ['user:SECRET@host', 'user:***@host'],
    // names and values
    ['AWS_SECRET_ACCESS_KEY=SECRET', 'AWS_SECRET_ACCESS_KEY=***'],
    ['AWS_SESSION_TOKEN=SECRET AWS_REGION=eu', 'AWS_SESSION_TOKEN=*** AWS_REGION=eu'],
    ['PGPASSWORD=SECRET psql', 'PGPASSWORD=*** psql'],
    ['DB_PASS=SECRET DB_PASSWORD=SECRET', 'DB_PASS=*** DB_PASSWORD=***'],
    ['host=h password=abc,SECRET user=app', 'host=h password=*** user=app'],
    ["host=h password='abc \\'SECRET' user=app", "host=h password='***' user=app"],
    ['Server=h;Password=a;bSECRET;Port=1', 'Server=h;Password=***;Port=1'],
    ['{"password":"abc \\"SECRET","user":"app"}', '{"password":"***","user":"app"}'],
    ['"{\\"password\\":\\"abc SECRET\\",\\"user\\":1}"', '"{\\"password\\":\\"***\\",\\"user\\":1}"'],
    ["{ secretKey: 'abc SECRET', passwords: [ 'SECRET', 'SECRET' ] }", "{ secretKey: '***', passwords: *** }"],
    ['secretKey: SECRET', 'secretKey: ***'],
    [
      'credentials: { accessKeyId: "SECRET", secretAccessKey: "SECRET" }',
      'credentials: { accessKeyId: "***", secretAccessKey: "***" }',
    ],
    ['psql --password SECRET --token=SECRET -h x', 'psql --password *** --token=*** -h x'],
    ["password 'abc SECRET' is wrong", "password '***' is wrong"],
    ["ALTER ROLE x PASSWORD 'a''SECRET'; SELECT 1", "ALTER ROLE x PASSWORD '***'; SELECT 1"],
    ["ALTER ROLE x PASSWORD E'a\\'SECRET'; SELECT 1", "ALTER ROLE x PASSWORD E'***'; SELECT 1"],
    ['ALTER ROLE x PASSWORD $q$SECRET$q$', 'ALTER ROLE x PASSWORD $q$***$q$'],
    ['{"password":"cut SECRE', '{"password":"***"'],
    // headers and what is a secret by its form
    ['Authorization: Bearer SECRET\nHost: h', 'Authorization: ***\nHost: h'],
    ['authorization: AWS4-HMAC-SHA256 Credential=SECRET/1, SignedHeaders=host, Signature=SECRET', 'authorization: ***'],
    ['AWS4-HMAC-SHA256 Credential=SECRET/1, Signature=SECRET', 'AWS4-HMAC-SHA256 Credential=*** Signature=***'],
    ['Set-Cookie: id=SECRET; Path=/', 'Set-Cookie: ***'],
    ['sent Bearer SECRET.x', 'sent Bearer ***'],
    ['got eyJhbGciOiJIUzI1.eyJzdWIiOiSECRET.SECRET', 'got ***'],
    ['key AKIAIOSFODNN7SECRET', 'key ***'],
    ['remote ghp_SECRETSECRETSECRET', 'remote ***'],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----',
      '-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----',
    ],
  ])('masks the secret in `%s`', (text, shown) => {
    expect(redactText(text)).toBe(shown)
  })

  it.each([
    'password authentication failed for user "miyabi_app"',
    'DATABASE_URL: the value is not a URL (a special character in the password must be percent-encoded: @ is %40)',
    'AWS_SECRET_ACCESS_KEY: is not set; expected a text',
    'postgresql://localhost:5432/miyabi, as a@b.c',
    'postgresql://h:5432/db?user=app@server',
    'at Client.connect (file:///w/node_modules/.pnpm/pg@8.1.0/node_modules/@x/pg/client.js:12:3)',
    'at C:\\w\\node_modules\\.pnpm\\pg@8.1.0\\client.js:12:3',
    'http://localhost:5173/node_modules/@vite/client.js:3:1',
    'used 5 tokens: 3 left; nextToken follows',
    'passwordFile=/run/secrets/db tokenCount=3 bypass=yes password: null',
    'Unexpected token "x" in JSON',
    'mailto:someone@example.com',
  ])('leaves `%s`, which holds none', (text) => {
    expect(redactText(text)).toBe(text)
  })

  it('never lets a password of a URL through, encoded or not', () => {
    // `@a.b !` in a password looks like the end of a URL and a sentence behind it: nobody could tell.
    const password = fc.string({ minLength: 1 }).filter((text) => !/["`\n]|@(localhost|\[|\w).*\s/.test(text))
    fc.assert(
      fc.property(password, (text) => {
        const secret = `x${text}!SECRET!`
        for (const shown of [secret, encodeURIComponent(secret)])
          expect(redactText(`cannot reach postgresql://app:${shown}@db.example.com/miyabi`)).not.toContain('!SECRET!')
      }),
    )
  })

  it('masks what it has masked no further', () => {
    const once = redactText('postgresql://a:b@h/d password=x "token":"y" Authorization: z')
    expect(redactText(once)).toBe(once)
  })

  it.each([
    'a',
    'a:',
    '://',
    'a://',
    'x@ a:',
    'password',
    'password ',
    'password="',
    "password '",
    '\\',
    '-',
    'eyJ',
    'Bearer ',
    '-----BEGIN PRIVATE KEY-----',
  ])('takes a time in proportion to the length of a text of `%s`', (piece) => {
    const time = (length: number): number => {
      const text = piece.repeat(Math.ceil(length / piece.length))
      const start = performance.now()
      redactText(text)
      return performance.now() - start
    }
    time(10_000)
    expect(time(300_000)).toBeLessThan(5_000) // a quadratic one takes ten and more
  })
})
