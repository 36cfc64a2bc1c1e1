import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export interface FoundProcess {
  readonly pid: number
  readonly command: string
}

function listProcesses(): FoundProcess[] {
  if (process.platform !== 'linux') {
    return execFileSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().replace(/^\d+ /, '') }))
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }]
      } catch {
        return [] // ended while we looked
      }
    })
}

/** The supervisor and the servers of a stack: all carry a path of its folder on their command line. */
export function processesOf(folder: string): FoundProcess[] {
  return listProcesses().filter(({ command, pid }) => command.includes(folder) && pid !== process.pid)
}

/** The one process of the stack whose command contains `part`. */
export function processOf(folder: string, part: string): number {
  const found = processesOf(folder).filter(({ command }) => command.includes(part))
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} processes of ${folder} contain ${part}`)
  return found[0].pid
}
