import { runCli } from './cli.js'

// A reader that needs no more output (`| head -1`) closes the pipe: this is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await runCli(process.argv.slice(2))
