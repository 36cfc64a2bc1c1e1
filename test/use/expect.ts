import { expect } from 'vitest'
import { type Served, TOKENS } from './application.js'

/** What every page promises: readiness, a person's own rows with a BigInt in them, and problems by their codes. */
export async function expectTheRoutes({ get }: Served, userId: string): Promise<void> {
  expect(await (await get('/ready')).json()).toEqual({ ready: true })

  const usage = await get('/usage', userId)
  expect([usage.status, await usage.json()]).toEqual([
    200,
    [expect.objectContaining({ userId, tokens: String(TOKENS) })],
  ])
  const stranger = await get('/usage', '00000000-0000-4000-8000-000000000000')
  expect([stranger.status, await stranger.json()], "a stranger's rows").toEqual([200, []])

  await expectProblem(get('/usage'), 401, 'postgres.identity.invalid')
  await expectProblem(get('/plugins/none', userId), 404, 'postgres.not_found')
  const plugin = await get('/plugins/reviewer', userId)
  expect([plugin.status, await plugin.json()]).toEqual([200, expect.objectContaining({ name: 'Reviewer' })])
}

async function expectProblem(answer: Promise<Response>, status: number, code: string): Promise<void> {
  const response = await answer
  expect([response.status, response.headers.get('content-type')?.split(';')[0], await response.json()]).toEqual([
    status,
    'application/problem+json',
    { type: 'about:blank', status, code },
  ])
}
