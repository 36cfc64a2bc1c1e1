import { runCli } from './cli.js'

// A reader that has seen enough (`| head -1`) closes the pipe: no fault of ours, and nothing to say.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await runCli(process.argv.slice(2))
