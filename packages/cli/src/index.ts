export { runCli } from './cli.js'
export type { StackFacts } from './environment/stack-facts.js'
export { exitCode } from './terminal/exit-code.js'
