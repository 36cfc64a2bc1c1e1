import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { type Internal, InternalsCheck, installedVersion } from '@miyabi/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { AWS_INTERNALS, awsHolders, hushNodeVersionWarning } from './aws-sdk.js'

hushNodeVersionWarning()
const client = new DynamoDBClient({ region: 'eu-central-1' }) // sends nothing
const holders: Readonly<Record<string, unknown>> = awsHolders(client)

/** The same object, but that it lacks one member. */
function without(holder: unknown, member: string): unknown {
  const { [member]: _gone, ...others } = Object(holder) as Record<string, unknown>
  return others
}

describe('the internals of the AWS SDK that are used', () => {
  it('are all there in the versions that are installed', () => {
    for (const internal of AWS_INTERNALS) {
      const check = new InternalsCheck([internal], () => awsHolders(client), import.meta.url)
      expect([check.problem, check.has(internal.saves ?? '', undefined)]).toEqual([undefined, true])
    }
  })

  it('were read in the versions that are installed: whoever installs others reads them again, and raises `readIn`', () => {
    for (const { package: name, readIn, via } of AWS_INTERNALS) {
      expect(`${name} ${readIn}`).toBe(`${name} ${installedVersion(name, import.meta.url, via)}`)
    }
  })

  it.for(AWS_INTERNALS.map((one: Internal) => [`${one.holder}.${one.member}`, one] as const))(
    'are told, where %s is gone, by name and version',
    ([name, internal]) => {
      const doctored = { ...holders, [internal.holder]: without(holders[internal.holder], internal.member) }
      const check = new InternalsCheck([internal], () => doctored, import.meta.url)
      if (internal.saves === undefined) {
        expect(check.problem?.missing).toMatchObject([{ member: name, installed: internal.readIn }])
      } else {
        expect([check.problem, check.has(internal.saves, undefined)]).toEqual([undefined, false])
      }
    },
  )
})

describe('prepareClient', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('ends the start on an SDK that takes a call’s signal elsewhere', async () => {
    vi.resetModules()
    const { prepareClient } = await import('./aws-sdk.js')
    const resolve = ListTablesCommand.prototype.resolveMiddleware
    vi.spyOn(ListTablesCommand.prototype, 'resolveMiddleware').mockImplementation(function (
      this: ListTablesCommand,
      stack,
      config,
      _options,
    ) {
      return resolve.call(this, stack, config, undefined)
    })
    expect(() => prepareClient(client, undefined)).toThrow(
      expect.objectContaining({
        code: 'dynamo.internals_missing',
        message: expect.stringMatching(/@smithy\/core \d+\.\d+\.\d+ lacks .*abortSignal/),
      }),
    )
  })
})
