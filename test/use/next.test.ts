import { describe, expect, it } from 'vitest'
import { makeApplication, TOKENS } from './application.js'
import { expectTheRoutes } from './expect.js'

const tsconfig = JSON.stringify({
  compilerOptions: {
    target: 'ES2022',
    lib: ['dom', 'dom.iterable', 'esnext'],
    module: 'esnext',
    moduleResolution: 'bundler',
    jsx: 'preserve',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    esModuleInterop: true,
    isolatedModules: true,
    resolveJsonModule: true,
    plugins: [{ name: 'next' }],
  },
  include: ['**/*.ts', '**/*.tsx'],
  exclude: ['node_modules'],
})
const layout = `export default function Layout({ children }: { children: React.ReactNode }) {
  return <html lang="en"><body>{children}</body></html>
}
`

describe('Next', () => {
  it.each(['15', '16'])('%s builds without a database, and answers in dev and in start', async (version) => {
    await using application = await makeApplication({
      pages: ['next.md'],
      dependencies: {
        next: version,
        react: '19',
        'react-dom': '19',
        typescript: '5.9',
        '@types/node': '20',
        '@types/react': '19',
      },
      files: { 'tsconfig.json': tsconfig, 'src/app/layout.tsx': layout },
    })
    await application.run('next', 'build')
    for (const mode of ['start', 'dev']) {
      const server = await application.serve('next', mode)
      await expectTheRoutes(server, application.userId)
      expect(await (await server.get('/', application.userId)).text(), mode).toContain(String(TOKENS))
      await server.stop()
    }
  })
})
