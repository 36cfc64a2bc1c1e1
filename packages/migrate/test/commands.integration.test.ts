import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from '@miyabi/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { isLong, prisma, startPrisma } from './support/cli.js'
import { changed, tables, useDatabase } from './support/database.js'
import { createTestProject, DATASOURCE, GENERATOR } from './support/project.js'

const database = useDatabase()
const MODEL = 'model A {\n  id Int @id\n  name String\n}\n'

beforeEach(() => sql(database.url, 'DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public'))

describe('without a database', () => {
  // `generate` runs so in every build.
  if (isLong) {
    it('generate works with nothing set', async () => {
      const project = createTestProject({ 'main.prisma': GENERATOR + DATASOURCE, 'a.prisma': MODEL })
      const generate = await prisma(project, ['generate'])
      expect(generate.output).toContain('Generated Prisma Client')
      expect(generate.exitCode).toBe(0)
      expect(existsSync(path.join(project.folder, 'generated/client.ts'))).toBe(true)
    })

    it('validate and format work with nothing set', async () => {
      const project = createTestProject({ 'main.prisma': GENERATOR + DATASOURCE, 'a.prisma': MODEL })
      expect((await prisma(project, ['validate'])).exitCode).toBe(0)
      expect((await prisma(project, ['format'])).exitCode).toBe(0)
    })
  }

  it('diff compares files, of which none is a server', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE, 'a.prisma': MODEL })
    const diff = ['migrate', 'diff', '--to-schema', 'prisma/schema']
    const script = await prisma(project, [...diff, '--from-empty', '--script'])
    expect(script.output).toContain('CREATE TABLE "A"')
    expect(script.exitCode).toBe(0)
    if (!isLong) return
    const same = await prisma(project, [...diff, '--from-schema', 'prisma/schema', '--exit-code'])
    expect(same.output).toContain('No difference detected')
    expect(same.exitCode).toBe(0)
  })

  it('a command that needs one says how to get it', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE })
    const { exitCode, output } = await prisma(project, ['migrate', 'status'])
    expect(output).toContain('prisma migrate status needs a database; set DIRECT_DATABASE_URL')
    expect(exitCode).toBe(1)
  })

  it('downloads no native engine', () => {
    const require = createRequire(createRequire(import.meta.url).resolve('prisma/package.json'))
    const engines = path.dirname(require.resolve('@prisma/engines/package.json'))
    const files = [...readdirSync(engines), ...readdirSync(path.join(engines, 'dist'))]
    expect(files.filter((name) => /^schema-engine/.test(name))).toEqual([])
  })
})

// The code is the engine's, whose tests have it.
if (isLong) {
  it('shows who cannot connect the code of Prisma, and no secret', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE })
    const url = changed(database.url, (copy) => {
      copy.password = 'wrong-Pa55word'
    })
    const { exitCode, output } = await prisma(project, ['migrate', 'deploy'], { url })
    expect(output).toContain('P1000: Authentication failed')
    expect(output).not.toContain('wrong-Pa55word')
    expect(exitCode).toBe(1)
  })
}

describe('db and diff', () => {
  it('push brings the schema in, pull --print reads it back, diff finds no difference', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE, 'a.prisma': MODEL })
    const { url } = database
    const diff = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'prisma/schema', '--exit-code']

    if (isLong) {
      const different = await prisma(project, [...diff, '--script'], { url })
      expect(different.output).toContain('CREATE TABLE "A"')
      expect(different.exitCode).toBe(2)
    }

    const push = await prisma(project, ['db', 'push'], { url })
    expect(push.output).toContain('Your database is now in sync with your Prisma schema')
    expect(push.exitCode).toBe(0)
    expect(await tables(url)).toEqual(['A'])

    const pull = await prisma(project, ['db', 'pull', '--print'], { url })
    expect(pull.output).toMatch(/model A \{\n {2}id +Int +@id\n {2}name +String\n\}/)
    expect(pull.exitCode).toBe(0)
    expect(readdirSync(path.join(project.folder, 'prisma/schema'))).toEqual(['a.prisma', 'main.prisma'])

    const same = await prisma(project, diff, { url })
    expect(same.output).toContain('No difference detected')
    expect(same.exitCode).toBe(0)
  })

  if (isLong) {
    it('diff from migrations finds that they give the schema, in a shadow database', async () => {
      const project = createTestProject({ 'main.prisma': DATASOURCE, 'a.prisma': MODEL })
      project.addMigration('1_a', 'CREATE TABLE "A" (id INTEGER PRIMARY KEY, name TEXT NOT NULL);')
      const args = [
        'migrate',
        'diff',
        '--from-migrations',
        'prisma/migrations',
        '--to-schema',
        'prisma/schema',
        '--exit-code',
      ]
      const { exitCode, output } = await prisma(project, args, { url: database.url })
      expect(output).toContain('No difference detected')
      expect(exitCode).toBe(0)
    })
  }
})

describe('generate --sql', () => {
  it('types parameters and columns as the server describes them', async () => {
    const project = createTestProject({
      'main.prisma': `${GENERATOR.replace('}\n', '  previewFeatures = ["typedSql"]\n}\n')}${DATASOURCE}`,
      'a.prisma': MODEL,
    })
    const { url } = database
    await sql(
      url,
      `CREATE TYPE mood AS ENUM ('fine', 'bad');
       CREATE TABLE "A" (id int PRIMARY KEY, name text NOT NULL, mood mood, tags text[] NOT NULL, price numeric)`,
    )
    project.write(
      'prisma/sql/byName.sql',
      '-- People by their name.\n-- @param $1:name the whole name\nSELECT id, name, tags, price FROM "A" WHERE name = $1\n',
    )
    const good = await prisma(project, ['generate', '--sql'], { url })
    expect(good.output).toContain('Generated Prisma Client')
    expect(good.exitCode).toBe(0)
    const generated = readFileSync(path.join(project.folder, 'generated/sql/byName.ts'), 'utf8')
    expect(generated).toContain('name: string')
    expect(generated).toContain('price: $runtime.Decimal | null')

    project.write('prisma/sql/byName.sql', 'SELECT nothing FROM "A"\n')
    const bad = await prisma(project, ['generate', '--sql'], { url })
    expect(bad.output).toContain('42703')
    expect(bad.output).toContain('byName.sql')
    expect(bad.exitCode).toBe(1)
  })
})

// The answer itself is the engine's, whose tests have it.
if (isLong) {
  it('reports a panic of the engine as one', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE })
    const env = { FORCE_PANIC_SCHEMA_ENGINE: '1' }
    const { exitCode, output } = await prisma(project, ['migrate', 'status'], { url: database.url, env })
    expect(output).toContain('artificial panic')
    expect(exitCode).toBe(1)
  })
}

describe('studio', () => {
  it('starts and answers over HTTP', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE, 'a.prisma': MODEL })
    const port = await freePort()
    const studio = startPrisma(project, ['studio', '--browser', 'none', '--port', String(port)], { url: database.url })
    try {
      const page = await fetchWhenUp(`http://localhost:${port}/`)
      expect(page.status).toBe(200)
      expect(await page.text()).toContain('<html')
    } finally {
      studio.child.kill('SIGINT')
      await studio.outcome
    }
  })
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

async function fetchWhenUp(url: string): Promise<Response> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await fetch(url)
    } catch (error) {
      if (tries === 100) throw error
      await delay(100)
    }
  }
}
