import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { cells } from './matrix/cells.js'
import { countsOf, runCell } from './matrix/run-cell.js'
import { root } from './workspace.js'

const run = promisify(execFile)
const matrix = (...args: string[]) =>
  run(process.execPath, ['--import', 'tsx', 'test/matrix/main.ts', ...args], { cwd: root }).catch((error) => error)

describe('the matrix', () => {
  it('lists its cells, also for a program', async () => {
    const { stdout } = await matrix('--list', '--json')
    expect(JSON.parse(stdout)).toEqual(cells.map(({ name, purpose }) => ({ name, purpose })))
    expect(cells.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['postgres-16', 'pgbouncer', 'node-24', 'use-next']),
    )
  })

  it('ends with 2 for a cell that it does not know, and runs none', async () => {
    expect(await matrix('postgres-9')).toMatchObject({ code: 2, stderr: expect.stringContaining('no cell postgres-9') })
  })

  it('takes a cell that cannot be run for red, with the reason', async () => {
    const prepare = () => Promise.reject(new Error('Java is not installed'))
    expect(await runCell({ name: 'a', purpose: '', prepare })).toMatchObject({
      state: 'red',
      see: 'Java is not installed',
    })
  })

  it('reads what the last line of a run says, and believes nothing without it', () => {
    expect(countsOf('1 passed, 2 failed\n...\n12 passed, 0 failed, 3 skipped\n')).toEqual([12, 0, 3])
    expect(countsOf('all is well\n')).toBeUndefined()
  })
})
