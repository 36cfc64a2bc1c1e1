export { runCli } from './cli.js'
export { exitCode } from './exit-code.js'
export type { StackFacts } from './stack-facts.js'
