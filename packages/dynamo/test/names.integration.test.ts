import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const dataUrl = (program: string): string => `data:text/javascript,${encodeURIComponent(program)}`

/** Says the URL of each module that is loaded. */
const TELLING = dataUrl(`
  import { writeSync } from 'node:fs'
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context)
    writeSync(1, resolved.url + '\\n')
    return resolved
  }`)
const REGISTER = dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(TELLING)})`)

async function loadedBy(entry: string): Promise<readonly string[]> {
  const program = `await import('@miyabi/dynamo${entry}')`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', REGISTER, '--input-type=module', '--eval', program],
    { cwd: `${import.meta.dirname}/../../db`, maxBuffer: 2 ** 26 }, // a package that imports this one
  )
  return stdout.split('\n')
}

it.each(['names', 'on-demand'])(
  'an application that imports %s alone loads neither the AWS SDK nor ElectroDB',
  async (entry) => {
    const ofOthers = (urls: readonly string[]) => urls.filter((url) => /aws-sdk|smithy|electrodb/.test(url))
    expect(ofOthers(await loadedBy('')).length).toBeGreaterThan(0)
    const loaded = await loadedBy(`/${entry}`)
    expect(loaded.filter((url) => url.endsWith('/dynamo/dist/on-demand.js'))).toHaveLength(1)
    expect(ofOthers(loaded)).toEqual([])
  },
)
