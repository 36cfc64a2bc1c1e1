import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pageNamed, readPages } from '../docs/pages.js'
import { type Application, makeApplication, TOKENS } from './application.js'
import { tsconfig } from './tsconfigs.js'

/** The commands of the page, by the file that they make. */
function commandsOf(page: string): readonly (readonly [file: string, command: string])[] {
  const { blocks } = pageNamed(readPages(), page)
  return blocks
    .filter(({ language, text }) => language === 'sh' && text.includes('esbuild'))
    .map(({ text }) => [/--outfile=(\S+)/.exec(text)?.[1] ?? '', text])
}

/** What an invocation in a process of its own gives, as Lambda makes one: loads the file, calls the handler twice. */
function invoke(
  { env, userId }: Application,
  file: string,
): { readonly answers: readonly unknown[]; readonly cold: { readonly ms: number; readonly cpuMs: number } } {
  const runner = path.join(path.dirname(file), 'runner.mjs')
  const event = (sub: string) => ({ requestContext: { authorizer: { jwt: { claims: { sub } } } } })
  writeFileSync(
    runner,
    `const { handler } = await import(${JSON.stringify(file)})
const answers = [await handler(${JSON.stringify(event(userId))})]
const { user, system } = process.cpuUsage()
const cold = { ms: Math.round(performance.now()), cpuMs: Math.round((user + system) / 1000) }
answers.push(await handler(${JSON.stringify(event('nobody'))}))
process.stdout.write(JSON.stringify({ answers, cold }), () => process.exit())
`,
  )
  const small = { DB_MIN_CONNECTIONS: '0', DB_MAX_CONNECTIONS: '1', DB_SERVICE_MAX_CONNECTIONS: '1' }
  const { stdout, stderr } = spawnSync(process.execPath, [runner], { env: { ...env, ...small }, encoding: 'utf8' })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe('a Lambda handler', () => {
  it('is one file in either form, which answers from a folder of its own', async () => {
    await using application = await makeApplication({
      pages: ['lambda.md'],
      dependencies: { '@types/aws-lambda': '8', '@types/node': '20', esbuild: '0.28', typescript: '5.9' },
      files: { 'tsconfig.json': tsconfig({ module: 'nodenext' }) },
    })
    await application.run('tsc', '--noEmit')
    const commands = commandsOf('docs/use/lambda.md')
    expect(commands.map(([file]) => file)).toEqual(['dist/handler.cjs', 'dist/handler.mjs'])
    for (const [file, command] of commands) {
      await application.run('sh', '-c', command)
      const alone = mkdtempSync(path.join(tmpdir(), 'miyabi-lambda-'))
      onTestFinished(() => rmSync(alone, { recursive: true }))
      mkdirSync(path.join(alone, 'dist'))
      copyFileSync(path.join(application.folder, file), path.join(alone, file))
      const runs = Array.from({ length: 5 }, () => invoke(application, path.join(alone, file)))
      for (const { answers } of runs) {
        expect(answers).toEqual([
          expect.objectContaining({ statusCode: 200, body: expect.stringContaining(`"tokens":"${TOKENS}"`) }),
          expect.objectContaining({ statusCode: 401, body: expect.stringContaining('postgres.identity.invalid') }),
        ])
      }
      const median = (of: 'ms' | 'cpuMs'): number | undefined =>
        runs.map(({ cold }) => cold[of]).sort((a, b) => a - b)[2]
      const megabytes = (statSync(path.join(application.folder, file)).size / 1e6).toFixed(1)
      console.log(
        `${file}: ${megabytes} MB; from the start of Node to the first answer ${median('ms')} ms, ${median('cpuMs')} ms of CPU`,
      )
    }
  })
})
