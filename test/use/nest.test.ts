import { describe, expect, it } from 'vitest'
import { makeApplication } from './application.js'
import { expectTheRoutes } from './expect.js'
import { tsconfig } from './tsconfigs.js'

const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true }

describe('Nest', () => {
  it.each([
    ['11', 'commonjs', { module: 'commonjs', moduleResolution: 'node10' }],
    ['11', 'commonjs', { module: 'nodenext' }],
    ['12', 'module', { module: 'nodenext' }],
  ] as const)('%s in %s answers as its page says, and ends well', async (version, type, options) => {
    await using application = await makeApplication({
      pages: ['nest.md'],
      type,
      dependencies: {
        '@nestjs/common': version,
        '@nestjs/core': version,
        '@nestjs/platform-express': version,
        '@types/express': '5',
        '@types/node': '20',
        'reflect-metadata': '0.2',
        rxjs: '7',
        typescript: '5.9',
      },
      files: { 'tsconfig.json': tsconfig({ ...options, ...decorators }) },
    })
    await application.run('tsc')
    const server = await application.serve(process.execPath, 'dist/main.js')
    await expectTheRoutes(server, application.userId)
    // It ends itself by the signal that it was given, once its hooks have run.
    expect([0, null]).toContain(await server.stop())
  })
})
