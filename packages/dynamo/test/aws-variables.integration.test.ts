import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDynamoDBClient } from '../src/client/client.js'
import { parseDynamoSettings } from '../src/settings/config.js'

let server: Server
let url: string
let authorizations: (string | undefined)[]
let sessionTokens: unknown[]
let folder: string

beforeEach(async () => {
  authorizations = []
  sessionTokens = []
  server = createServer((request, answer) => {
    authorizations.push(request.headers.authorization)
    sessionTokens.push(request.headers['x-amz-security-token'])
    answer.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{"TableNames":[]}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  folder = mkdtempSync(path.join(tmpdir(), 'miyabi-aws-'))
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined)
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true })
  vi.unstubAllEnvs()
})

/** Makes one call with this environment. */
async function callWith(env: Readonly<Record<string, string>>): Promise<string> {
  const client = createDynamoDBClient(parseDynamoSettings(env))
  await client.send(new ListTablesCommand())
  client.destroy()
  return authorizations.at(-1) ?? ''
}

describe("AWS's own variables", () => {
  it('lead to the server, and a local one needs no credentials', async () => {
    expect(await callWith({ AWS_ENDPOINT_URL_DYNAMODB: url, AWS_REGION: 'eu-central-1' })).toMatch(
      /Credential=local\/\d+\/eu-central-1\/dynamodb/,
    )
    expect(await callWith({ AWS_ENDPOINT_URL: url })).toMatch(/Credential=local\//)
  })

  it('give the credentials, of a profile or a key, also for a local server', async () => {
    const file = path.join(folder, 'credentials')
    writeFileSync(file, '[staging]\naws_access_key_id = AKIDSTAGING\naws_secret_access_key = hush\n')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file) // read from the process alone
    const profile = { AWS_PROFILE: 'staging' }
    expect(await callWith({ DYNAMODB_ENDPOINT: url, ...profile })).toContain('Credential=AKIDSTAGING/')
    const key = { AWS_ACCESS_KEY_ID: 'AKIDKEY', AWS_SECRET_ACCESS_KEY: 'hush' }
    expect(await callWith({ DYNAMODB_ENDPOINT: url, ...key })).toContain('Credential=AKIDKEY/')
    expect(await callWith({ DYNAMODB_ENDPOINT: url, ...key, ...profile })).toContain('Credential=AKIDSTAGING/')
  })

  it("give other credentials than the process's own, where they are not the process's", async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDPROCESS')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'hush')
    const key = { AWS_ACCESS_KEY_ID: 'AKIDKEY', AWS_SECRET_ACCESS_KEY: 'hush', AWS_SESSION_TOKEN: 'of the role' }
    expect(await callWith({ DYNAMODB_ENDPOINT: url, ...key })).toContain('Credential=AKIDKEY/')
    expect(sessionTokens.at(-1)).toBe('of the role')
    expect(await callWith({ DYNAMODB_ENDPOINT: url })).toContain('Credential=local/')
  })
})
