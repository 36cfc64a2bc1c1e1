import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type TarEntry, TarReader, type TarSink } from './tar.js'
import { unpackBaseBackup } from './unpack.js'

const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-tar-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Collects everything in memory. */
class Memory implements TarSink {
  readonly entries: TarEntry[] = []
  readonly files = new Map<string, Buffer>()
  #pieces: Buffer[] = []

  async begin(entry: TarEntry): Promise<void> {
    this.entries.push(entry)
    this.#pieces = []
  }

  async write(bytes: Buffer): Promise<void> {
    this.#pieces.push(Buffer.from(bytes))
  }

  async end(): Promise<void> {
    const { name = '', type } = this.entries.at(-1) ?? {}
    if (type === 'file') this.files.set(name, Buffer.concat(this.#pieces))
  }
}

/** Creates an archive with the system's own tar. */
function archive(sizes: readonly number[]): { readonly tar: Buffer; readonly files: Map<string, Buffer> } {
  const from = mkdtempSync(path.join(folder, 'from-'))
  const files = new Map<string, Buffer>()
  mkdirSync(path.join(from, 'under', 'it'), { recursive: true })
  for (const [index, size] of sizes.entries()) {
    const name = `under/it/${index}`
    const content = Buffer.alloc(size, index + 1)
    files.set(name, content)
    writeFileSync(path.join(from, name), content, { mode: 0o640 })
  }
  const tar = execFileSync('tar', ['--format=ustar', '-cf', '-', '-C', from, 'under'], { maxBuffer: 2 ** 26 })
  return { tar, files }
}

async function read(tar: Buffer, pieces: readonly number[]): Promise<Memory> {
  const memory = new Memory()
  const reader = new TarReader(memory)
  for (let at = 0, index = 0; at < tar.length; index += 1) {
    const length = pieces[index % pieces.length] ?? tar.length
    await reader.take(tar.subarray(at, at + length))
    at += length
  }
  reader.finish()
  return memory
}

describe('TarReader', () => {
  const { tar, files } = archive([0, 1, 511, 512, 513, 9_000])

  it('reads archives written by tar, in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 5 }), async (pieces) => {
        const memory = await read(tar, pieces)
        for (const [name, content] of files) expect(memory.files.get(name)?.equals(content)).toBe(true)
        expect(memory.files.size).toBe(files.size)
        expect(memory.entries.filter(({ type }) => type === 'folder').map(({ name }) => name)).toEqual([
          'under/',
          'under/it/',
        ])
      }),
      { numRuns: 20 },
    )
  })

  it('rejects an archive that ends early, and a damaged header', async () => {
    const end = tar.indexOf(Buffer.alloc(512, 6)) + 700 // in the last file, or the one with these bytes
    await expect(read(tar.subarray(0, end), [4096])).rejects.toThrow('ends in the middle')
    const damaged = Buffer.from(tar)
    damaged[0] = (damaged[0] ?? 0) ^ 1
    await expect(read(damaged, [4096])).rejects.toThrow('damaged')
  })
})

describe('unpackBaseBackup', () => {
  /** One file of an archive, as any program may write it. */
  function entry(name: string, type: string): Buffer {
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write('0000600\0', 100)
    header.write('00000000000\0', 124)
    header.write(type, 156)
    header.fill(' ', 148, 156)
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    )
    return header
  }
  async function* frames(bytes: Buffer, name = 'base.tar') {
    yield { type: 'archive', name } as const
    yield { type: 'data', bytes } as const
  }

  it.each<[string, Buffer, string, string | undefined]>([
    ['a name that leads out', entry('../out', '0'), 'leads out of its folder', undefined],
    ['an absolute name that leads out by its dots', entry('a/../../out', '0'), 'leads out of its folder', undefined],
    ['a link', entry('pg_tblspc/1', '2'), 'tablespaces', undefined],
    ['what is no file', entry('pipe', '6'), 'unknown kind', undefined],
    ['a second archive', entry('file', '0'), 'tablespaces are not supported: 16384.tar', '16384.tar'],
  ])('rejects %s', async (_what, bytes, message, name) => {
    const target = mkdtempSync(path.join(folder, 'to-'))
    await expect(unpackBaseBackup(frames(bytes, name), target, undefined)).rejects.toThrow(message)
    expect(() => readFileSync(path.join(folder, 'out'))).toThrow()
  })
})
