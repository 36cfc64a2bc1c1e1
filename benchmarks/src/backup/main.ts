import { spawn } from 'node:child_process'
import { createSecretKey, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createBackup, openTarget } from '@miyabi/backup'
import { createDynamo, parseDynamoSettings } from '@miyabi/dynamo'
import { acquireStack } from '@miyabi/local'
import { startPrivateServer } from '@miyabi/testing'

/**
 * How long a backup takes beside `pg_dump -Fc`, over the same tables of PostgreSQL 15, in turns: ours writes files that
 * are encrypted, synced, and hashed by row. pg_dump has to be that of 15, so a server of 15 it is.
 */
const { values } = parseArgs({
  options: { mb: { type: 'string', default: '300' }, rounds: { type: 'string', default: '5' } },
})
const megabytes = Number(values.mb)
const rounds = Number(values.rounds)

/** Wide and narrow rows, and texts that compress as those of people and programs do. */
const TABLES = `
  CREATE TABLE narrow AS SELECT n::bigint AS id, gen_random_uuid() AS owner, n % 1000 AS kind, now() - n * interval '1 s' AS created_at
    FROM generate_series(1, ${megabytes * 2500}) n;
  CREATE TABLE wide AS SELECT gen_random_uuid() AS id, jsonb_build_object('n', n, 'action', (ARRAY['opened', 'closed', 'merged'])[1 + n % 3], 'hash', md5(n::text),
      'text', repeat('the quick brown fox of ' || n, 12)) AS payload FROM generate_series(1, ${megabytes * 900}) n;
  VACUUM ANALYZE;`

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const beganAt = performance.now()
  await work()
  return (performance.now() - beganAt) / 1000
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(path.join(entry.parentPath, entry.name)).size : 0),
    0,
  )

async function dump(url: string, file: string): Promise<void> {
  const child = spawn('pg_dump', ['-Fc', '-f', file, url], { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`pg_dump ended with ${code}`)
}

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-bench-backup-'))
const server = await startPrivateServer({ major: 15, settings: ['max_wal_size=4GB'] })
const stack = await acquireStack({ temporary: true })
try {
  const { dynamodb } = stack.descriptor
  if (!('endpoint' in dynamodb)) throw new Error('there is no DynamoDB here')
  const settings = parseDynamoSettings({ DYNAMODB_ENDPOINT: String(dynamodb.endpoint) })
  await using made = createDynamo(settings)
  await made.tables.apply()
  for (const statement of TABLES.split(';').filter((text) => text.trim())) await server.run(statement)
  const target = await openTarget({ target: path.join(folder, 'backups') })
  const key = createSecretKey(randomBytes(32))
  const times = { ours: [] as number[], theirs: [] as number[] }
  const sizes = { ours: 0, theirs: 0, plain: 0 }
  for (let round = 0; round <= rounds; round++) {
    const file = path.join(folder, 'theirs')
    const theirs = await seconds(() => dump(server.url(), file))
    const ours = await seconds(async () => {
      const manifest = await createBackup({
        database: server.url(),
        dynamodb: settings,
        target,
        key,
        clockSkewMs: 0,
        writeTimeoutMs: 0,
      })
      sizes.plain = manifest.files.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
    })
    sizes.ours = sizeOf(target.name)
    sizes.theirs = statSync(file).size
    rmSync(target.name, { recursive: true })
    await openTarget({ target: target.name })
    process.stderr.write(
      `${round === 0 ? 'warm-up' : `round ${round}`}: pg_dump ${theirs.toFixed(1)} s, ours ${ours.toFixed(1)} s\n`,
    )
    if (round === 0) continue
    times.ours.push(ours)
    times.theirs.push(theirs)
  }
  const ratios = times.ours.map((time, index) => time / (times.theirs[index] ?? Number.NaN))
  process.stdout.write(
    `${JSON.stringify(
      {
        plainMb: Math.round(sizes.plain / 1e6),
        pgDumpSeconds: median(times.theirs),
        oursSeconds: median(times.ours),
        timeRatio: median(ratios),
        ratios,
        sizeRatio: sizes.ours / sizes.theirs,
      },
      undefined,
      2,
    )}\n`,
  )
} finally {
  await stack.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
}
