import { describe, expect, it } from 'vitest'
import { nameFileError } from './failure.js'

const fileError = (code: string, path?: string): Error => Object.assign(new Error(code), { code, path })

describe('nameFileError', () => {
  it.each(['ENOSPC', 'EDQUOT'])('names a full disk (%s) and the folder', (code) => {
    const failure = nameFileError(fileError(code), '/stack')
    expect(failure).toMatchObject({ code: 'local.disk.full', message: expect.stringContaining('/stack') })
  })

  it.each(['EACCES', 'EPERM'])('names missing permissions (%s) and the path that was denied', (code) => {
    const failure = nameFileError(fileError(code, '/stack/data'), '/stack')
    expect(failure).toMatchObject({
      code: 'local.folder.denied',
      message: expect.stringContaining('has no permission for /stack/data'),
    })
  })

  it.each([
    ['EROFS', undefined],
    ['ENOENT', 'mkdir'], // Node's recursive mkdir on such a file system
  ])('names a read-only file system (%s)', (code, syscall) => {
    const error = Object.assign(fileError(code, '/stack/data'), { syscall })
    expect(nameFileError(error, '/stack')).toMatchObject({
      code: 'local.folder.denied',
      message: expect.stringContaining('cannot write to /stack/data: its file system is read-only'),
    })
  })

  it('leaves other errors unchanged', () => {
    const error = fileError('EIO')
    expect(nameFileError(error, '/stack')).toBe(error)
  })
})
