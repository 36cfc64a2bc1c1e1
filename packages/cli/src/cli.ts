import { hasOption, readCommandLine } from './command-line.js'
import { describeError } from './terminal/describe-error.js'
import { errorFacts } from './terminal/error-facts.js'
import { exitCode } from './terminal/exit-code.js'
import { print, printJson, say } from './terminal/output.js'
import { showProgress } from './terminal/progress.js'
import { proseWidthOf } from './terminal/stream.js'
import type { OwnCommand } from './usage/command.js'
import { describeCommand, describeTable } from './usage/describe.js'
import { commandHelp, groupHelp } from './usage/help.js'
import type { Resolved } from './usage/table.js'
import { version } from './version.js'

/** Runs one command line, the arguments after `miyabi`. Never rejects; resolves to the exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  const isJson = hasOption(args, '--json')
  try {
    return await dispatch(args, isJson)
  } catch (error) {
    if (isJson) printJson({ error: errorFacts(error) })
    say(describeError(error))
    return exitCode.failed
  }
}

async function dispatch(args: readonly string[], isJson: boolean): Promise<number> {
  const line = await readCommandLine(args)
  switch (line.kind) {
    case 'version':
      if (isJson) printJson({ version: version() })
      else print(version())
      return exitCode.clean
    case 'help':
      await help(line.topic, isJson)
      return exitCode.clean
    case 'empty':
      await help(line.topic, isJson)
      return exitCode.failed
    case 'run':
      return line.command.kind === 'foreign' ? line.command.run(line.args) : run(line.command, line.args, isJson)
  }
}

async function run(command: OwnCommand, args: readonly string[], isJson: boolean): Promise<number> {
  using progress = showProgress()
  if (command.busy !== undefined) progress.step(command.busy)
  const { code, json, text } = await command.run(args, progress)
  if (!isJson && text !== undefined) print(text)
  if (isJson && json !== undefined) printJson(json)
  return code
}

async function help({ path, entry }: Resolved, isJson: boolean): Promise<void> {
  const width = proseWidthOf(process.stdout)
  if ('commands' in entry) {
    if (isJson) printJson(await describeTable(entry.commands, path))
    else print(groupHelp(path, entry, width))
    return
  }
  const command = await entry.load()
  if (isJson) printJson(describeCommand(path.join(' '), entry.summary, command))
  else print(commandHelp(path, entry.summary, command, width))
}
