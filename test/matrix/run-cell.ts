import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import path from 'node:path'
import { root } from '../workspace.js'
import { type Cell, vitestProgram } from './cells.js'

export interface CellResult {
  readonly cell: string
  readonly state: 'green' | 'red'
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
  /** Why nothing was run, or the file with all that was printed. */
  readonly see: string
}

/** Runs one cell to its end. Never rejects: what cannot be run is red, with the reason. */
export async function runCell(cell: Cell): Promise<CellResult> {
  const startedAtMs = Date.now()
  const result = (state: CellResult['state'], see: string, [passed, failed, skipped] = [0, 0, 0]): CellResult => ({
    cell: cell.name,
    state,
    passed: passed ?? 0,
    failed: failed ?? 0,
    skipped: skipped ?? 0,
    seconds: Math.round((Date.now() - startedAtMs) / 1000),
    see,
  })
  try {
    const prepared = await cell.prepare()
    try {
      const log = path.join(root, 'node_modules/.cache/matrix', `${cell.name}.log`)
      const { code, output } = await run(prepared.node, [vitestProgram, 'run', ...prepared.args], prepared.env, log)
      const counts = countsOf(output)
      const isGreen = code === 0 && counts !== undefined
      return result(isGreen ? 'green' : 'red', path.relative(root, log), counts)
    } finally {
      await prepared.close?.()
    }
  } catch (error) {
    return result('red', error instanceof Error ? error.message : String(error))
  }
}

/** What the closing line of a run says: `N passed, N failed`, and `, N skipped`. */
export function countsOf(output: string): [passed: number, failed: number, skipped: number] | undefined {
  const [line] = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].slice(-1)
  return line && [Number(line[1]), Number(line[2]), Number(line[3] ?? 0)]
}

function run(
  node: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  logFile: string,
): Promise<{ code: number | null; output: string }> {
  mkdirSync(path.dirname(logFile), { recursive: true })
  const log = createWriteStream(logFile)
  const child = spawn(node, args, { cwd: root, env: { ...process.env, ...env, NO_COLOR: '1' } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4096) // the last line is what counts
      log.write(text)
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => log.end(() => resolve({ code, output })))
  })
}
