import { readCommandLine } from './command-line.js'
import { miyabi } from './command-table.js'
import { type CommandDescription, describeTable } from './usage/describe.js'
import { UsageError, type UsageFault } from './usage/faults.js'

/** Describes every command of `miyabi`, in the order of its help. */
export const commandReference = (): Promise<readonly CommandDescription[]> => describeTable(miyabi.commands)

/** Returns all faults of a command line, the arguments after `miyabi`, without running it. */
export async function commandFaults(args: readonly string[]): Promise<readonly UsageFault[]> {
  try {
    await readCommandLine(args)
    return []
  } catch (error) {
    if (error instanceof UsageError) return error.details.faults
    throw error
  }
}
