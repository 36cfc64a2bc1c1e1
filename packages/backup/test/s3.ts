import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import S3rver from 's3rver'

/** A store of a test's own that speaks as S3 does, with one bucket. */
export interface TestStore {
  readonly endpoint: string
  readonly bucket: string
  /** What it holds, on the disk. */
  readonly folder: string
  close(): Promise<void>
}

const CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']

/** Starts one. The credentials it knows are put into the environment, where the AWS SDK looks for them. */
export async function startStore(): Promise<TestStore> {
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-s3-'))
  const bucket = 'backups'
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: bucket }],
  })
  const { port } = await server.run()
  const before = CREDENTIALS.map((name) => [name, process.env[name]] as const)
  for (const name of CREDENTIALS) process.env[name] = 'S3RVER'
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    folder,
    async close() {
      await server.close()
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
