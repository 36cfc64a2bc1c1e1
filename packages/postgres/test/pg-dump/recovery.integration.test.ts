import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { dynamodbEndpoint, type PrivateServer, sql, startPrivateServer, tablePrefix } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../../../..')
const page = readFileSync(path.join(root, 'docs/guides/recovery.md'), 'utf8')

/** The blocks of shell under a heading, in order. */
function blocksOf(heading: string): readonly string[] {
  const section = page.split(/^## /m).find((one) => one.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`the guide has no heading: ${heading}`)
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
}

/** What an administrator runs once on a server (docs/DATABASE_SETUP_GUIDE.md). */
const ROLES = `
  CREATE ROLE miyabi_migrator LOGIN CREATEDB;
  CREATE ROLE miyabi_definer; CREATE ROLE miyabi_owner; CREATE ROLE miyabi_service; CREATE ROLE miyabi_user; CREATE ROLE miyabi_web_user;
  GRANT miyabi_definer, miyabi_owner TO miyabi_migrator;`

let server: PrivateServer
let folder = ''
let url = ''
const prefix = tablePrefix()
beforeAll(async () => {
  server = await startPrivateServer()
  folder = mkdtempSync(path.join(tmpdir(), 'miyabi-recovery-'))
  await server.run(ROLES)
  await server.run('CREATE DATABASE miyabi OWNER miyabi_migrator')
  url = server.url('miyabi').replace('//postgres@', '//miyabi_migrator@')
  // As the workspace's script, without the build.
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const main = `${process.execPath} ${path.join(root, 'packages/cli/bin/miyabi.mjs')}`
  const lines = Object.entries<string>(scripts).flatMap(([name, line]) => {
    const [, command] = / && miyabi (.*)$/.exec(line) ?? []
    return command === undefined ? [] : [`${name}) shift; cd ${root}; exec ${main} ${command} "$@";;`]
  })
  writeFileSync(path.join(folder, 'pnpm'), `#!/bin/sh\ncase "$1" in\n${lines.join('\n')}\nesac\nexit 99\n`, {
    mode: 0o755,
  })
  run('pnpm prisma migrate deploy && pnpm db:tables apply')
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.close()
})

/** Runs a block as somebody would who copies it, and stops at the first command that fails. */
function run(block: string): void {
  const env = {
    PATH: `${folder}:${process.env['PATH']}`,
    HOME: folder,
    DIRECT_DATABASE_URL: url,
    DATABASE_URL: url,
    SIDE: url.replace(/\/miyabi$/, '/miyabi_side'),
    NEW: url.replace(/\/miyabi$/, '/miyabi_new'),
    NEW_SERVER: url.replace(/\/miyabi$/, '/postgres'),
    BACKUP_TARGET: path.join(folder, 'backups'),
    DYNAMODB_ENDPOINT: dynamodbEndpoint(),
    DYNAMODB_TABLE_PREFIX: prefix,
  }
  const { status, stdout, stderr } = spawnSync('bash', ['-eo', 'pipefail', '-c', block], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  expect(status, `${block}\n${stdout}${stderr}`).toBe(0)
}

/** Every row of the tables that are harmed, and all that the catalog knows of them. */
const stateOf = (): Promise<object[]> =>
  sql(
    url,
    `SELECT 'row' AS kind, to_json(t)::text AS text FROM repositories AS t
     UNION ALL SELECT 'row', to_json(t)::text FROM workflows AS t
     UNION ALL SELECT 'policy', policies::text FROM pg_policies AS policies WHERE tablename IN ('workflows', 'repositories')
     UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE tablename IN ('workflows', 'repositories')
     UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || pg_get_constraintdef(oid) || convalidated
       FROM pg_constraint WHERE conrelid::regclass::text IN ('workflows', 'repositories')
     UNION ALL SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger
       WHERE NOT tgisinternal AND tgrelid::regclass::text IN ('workflows', 'repositories')
     UNION ALL SELECT 'table', relname || relowner::regrole::text || relrowsecurity || relforcerowsecurity ||
         (SELECT string_agg(item::text, ' ' ORDER BY item::text) FROM unnest(relacl) AS item)
       FROM pg_class WHERE relname IN ('workflows', 'repositories')
     ORDER BY 1, 2`,
  )

const PEOPLE = `
  INSERT INTO web_users (github_id, github_username) SELECT n, 'user' || n FROM generate_series(1, 20) AS n;
  INSERT INTO repositories (user_id, github_repo_id, owner, name, full_name)
  SELECT id, github_id, github_username, 'app', github_username || '/app' FROM web_users;
  INSERT INTO workflows (user_id, repository_id, name, definition)
  SELECT user_id, id, 'deploy', '{"nodes": [], "edges": []}' FROM repositories;`

// psql and pg_dump are no part of the embedded server.
describe('the guide of recovery, step by step', () => {
  it('brings back a table, columns and rows, loses nothing that was written since, and ends as it began', async () => {
    await sql(url, PEOPLE)
    blocksOf('Before it happens').forEach(run)
    blocksOf('The copy, beside what is there').forEach(run)
    const before = await stateOf()
    expect(before.length).toBeGreaterThan(60)

    await sql(url, 'DROP TABLE workflows')
    await expect(stateOf()).rejects.toThrow('workflows')
    blocksOf('A table dropped by mistake').forEach(run)
    expect(await stateOf()).toEqual(before)

    const [back, ...mend] = blocksOf('Rows deleted, or values overwritten: a bad deploy an hour ago').slice(0, -1)
    const applied = (): Promise<{ n: number }[]> =>
      sql(url, 'SELECT count(*)::int AS n FROM _prisma_migrations WHERE rolled_back_at IS NULL')
    const [had] = await applied()
    run(back ?? '')
    expect(await applied()).toEqual([{ n: (had?.n ?? 0) - 1 }])
    run('pnpm prisma migrate deploy')

    // What the deploy did, and what people wrote meanwhile. Its trigger would hide that a row is as it was.
    await sql(url, 'ALTER TABLE repositories DISABLE TRIGGER USER')
    await sql(url, "UPDATE repositories SET default_branch = 'undefined' WHERE github_repo_id <= 5")
    await sql(url, 'DELETE FROM repositories WHERE github_repo_id > 15')
    await sql(url, "UPDATE repositories SET default_branch = 'trunk' WHERE github_repo_id = 10")
    mend.forEach(run)
    await sql(
      url,
      "UPDATE repositories SET default_branch = 'main' WHERE github_repo_id = 10 AND default_branch = 'trunk'",
    )
    await sql(url, 'ALTER TABLE repositories ENABLE TRIGGER USER')
    expect(await stateOf()).toEqual(before)

    blocksOf('Rows deleted, or values overwritten: a bad deploy an hour ago').slice(-1).forEach(run)
    expect(await sql(url, "SELECT FROM pg_database WHERE datname = 'miyabi_side'")).toEqual([])

    await server.run('DROP DATABASE miyabi WITH (FORCE)')
    run(blocksOf('A store lost, or both').join('').replaceAll('new-', `${prefix}new-`))
    url = url.replace(/\/miyabi$/, '/miyabi_new')
    expect(await stateOf()).toEqual(before)
  })
})
