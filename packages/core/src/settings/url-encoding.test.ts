import { describe, expect, it } from 'vitest'
import { encodingProblem } from './url-encoding.js'

describe('encodingProblem', () => {
  it.each([
    'postgresql://u:m@g/1@host/db',
    'postgresql://u:m/g@host/db',
    'postgresql://u:12/34@host/db',
    'postgresql://u:m?g@host/db',
    'postgresql://u:m@g?x=1@host/db',
    'postgresql://u:m@g?sslmode=1&x@host/db?sslmode=require',
    'postgresql://u:m#g@host/db',
    'postgresql://u:12#34@host:5432/db',
    'postgresql://u:#@host/db',
    'postgresql://u/x:secret@host/db',
    'postgresql://u?x:secret@host/db',
    'postgresql://u#x:secret@host/db',
    'postgresql://u:secret@host/db#',
    'postgresql://u:/?#[]@host/db',
  ])('finds that the user or password is not encoded in %s, and repeats none of it', (url) => {
    expect(encodingProblem(url)).toMatch(/^has a \/, \? or # in its user or password that is not percent-encoded: /)
  })

  it.each([
    'postgresql://u:100%@host/db',
    'postgresql://u:%zz@host/db',
    'postgresql://%u:x@host/db',
    'postgresql://u:%4@host',
  ])('finds a %% that does not start an encoding in %s', (url) => {
    expect(encodingProblem(url)).toMatch(/^has a % in its user or password that does not start a percent-encoding: /)
  })

  it.each(['postgresql://u:se\ncret@host/db', 'postgresql://u:se\tcret@host/db'])(
    'finds characters that URL parsers drop in %j',
    (url) => {
      expect(encodingProblem(url)).toMatch(/^contains a line break or a tab/)
    },
  )

  it('finds several servers', () => {
    expect(encodingProblem('postgresql://u:p@one:5432,two:5432/db')).toMatch(/^names several servers/)
  })

  it.each([
    'postgresql://u:p@host:5432/db',
    'postgresql://u:m%40g%2F1@host/db',
    'postgresql://u:m@g@host/db', // the last @ ends it
    'postgresql://u@tenant:a:b c[]^"@host/db',
    'postgresql://u:p@host/db?sslmode=verify-full&sslrootcert=/home/a@b/ca.pem',
    'postgresql://u@localhost/db?host=/run/a@b',
    'postgresql://u:p@host',
    '  postgresql://u:p@host/db\n',
    'not a URL',
    '',
  ])('finds nothing in %j', (url) => {
    expect(encodingProblem(url)).toBeUndefined()
  })
})
