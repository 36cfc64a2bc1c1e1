import { describe, expect, it } from 'vitest'
import { nameFileError } from './failure.js'

const fileError = (code: string, path?: string): Error => Object.assign(new Error(code), { code, path })

describe('nameFileError', () => {
  it.each(['ENOSPC', 'EDQUOT'])('names a full disk (%s) and the folder', (code) => {
    const failure = nameFileError(fileError(code), '/stack')
    expect(failure).toMatchObject({ code: 'local.disk.full', message: expect.stringContaining('/stack') })
  })

  it.each(['EACCES', 'EPERM', 'EROFS'])('names missing rights (%s) and the path that was refused', (code) => {
    const failure = nameFileError(fileError(code, '/stack/data'), '/stack')
    expect(failure).toMatchObject({
      code: 'local.folder.denied',
      message: expect.stringContaining('may not use /stack/data'),
    })
  })

  it('leaves everything else as it is', () => {
    const error = fileError('EIO')
    expect(nameFileError(error, '/stack')).toBe(error)
  })
})
