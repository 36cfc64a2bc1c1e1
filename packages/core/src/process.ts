import { readFileSync } from 'node:fs'

/**
 * What the operating system reports about a process, so that an id written to a file yesterday is never mistaken for
 * another process that got the same number today. Read from /proc on Linux, through `ps` on macOS, through PowerShell
 * on Windows.
 */

function ask(command: string, args: readonly string[]): string | undefined {
  // Loaded only here: Linux never needs it.
  const { execFileSync } = process.getBuiltinModule('node:child_process')
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5_000 }).trim()
  } catch {
    return undefined
  }
}

function askPowerShell(script: string): string | undefined {
  return ask('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script])
}

/**
 * The fields of /proc/<pid>/stat from the third on (state, parent, ...); the second, a name in brackets, may contain
 * anything.
 */
function linuxStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** Returns whether the process is running. A zombie is not: in a container without an init it may stay forever. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return process.platform !== 'linux' || linuxStat(pid)?.[0] !== 'Z'
}

/**
 * Returns when the process started, in the system's format: together with the id, it identifies a process permanently.
 * Undefined if unknown.
 */
export function startMark(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const ticks = linuxStat(pid)?.[19]
    return ticks && `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${ticks}`
  }
  if (process.platform === 'win32') return askPowerShell(`(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`)
  return ask('ps', ['-o', 'lstart=', '-p', String(pid)])
}

/** Identifies a process by its id and its `startMark`: the id alone may belong to another process tomorrow. */
export interface ProcessMark {
  readonly pid: number
  readonly started?: string | undefined
}

/**
 * Returns whether exactly this process is running. A mark that cannot be read (another user's process on a guarded
 * system), or that was never recorded, does not prove that the process is gone.
 */
export function isStillRunning({ pid, started }: ProcessMark): boolean {
  if (!isRunning(pid)) return false
  const mark = started === undefined ? undefined : startMark(pid)
  return mark === undefined || mark === started
}

/** Returns the command line of a process, or undefined if it may not be read. */
export function commandLine(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return undefined
    }
  }
  if (process.platform === 'win32') {
    return askPowerShell(`(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`)
  }
  return ask('ps', ['-ww', '-o', 'args=', '-p', String(pid)])
}
