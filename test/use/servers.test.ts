import { describe, expect, it } from 'vitest'
import { makeApplication } from './application.js'
import { expectTheRoutes } from './expect.js'
import { tsconfig } from './tsconfigs.js'

const tools = { typescript: '5.9', '@types/node': '20' }

describe('a server of ES modules', () => {
  it.each([
    ['hono.md', { hono: '4', '@hono/node-server': '2' }],
    ['fastify.md', { fastify: '5' }],
    ['express.md', { express: '5', '@types/express': '5' }],
  ])('of %s answers as its page says, and ends well', async (page, frameworks) => {
    await using application = await makeApplication({
      pages: [page],
      type: 'module',
      dependencies: { ...frameworks, ...tools } as Record<string, string>,
      files: { 'tsconfig.json': tsconfig({ module: 'nodenext' }) },
    })
    await application.run('tsc')
    const server = await application.serve(process.execPath, 'dist/server.js')
    await expectTheRoutes(server, application.userId)
    expect(await server.stop()).toBe(0)
  })
})
