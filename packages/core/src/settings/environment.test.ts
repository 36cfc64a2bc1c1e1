import { describe, expect, it } from 'vitest'
import { isProduction, isSet, readVariable } from './environment.js'

describe('an environment', () => {
  it('takes a blank variable for unset, and no blanks around a value', () => {
    expect(readVariable({ A: ' b\t' }, 'A')).toBe('b')
    expect(['', ' ', '\t\n', undefined].map((A) => isSet({ A }, 'A'))).toEqual([false, false, false, false])
    expect(isSet({ A: ' b' }, 'A')).toBe(true)
  })

  it('is production by NODE_ENV, also with blanks around it, as a file of variables may have them', () => {
    expect(['production', 'production ', ' production\r'].map((NODE_ENV) => isProduction({ NODE_ENV }))).toEqual([
      true,
      true,
      true,
    ])
    expect(['', 'Production', 'test', undefined].map((NODE_ENV) => isProduction({ NODE_ENV }))).toEqual([
      false,
      false,
      false,
      false,
    ])
  })
})
