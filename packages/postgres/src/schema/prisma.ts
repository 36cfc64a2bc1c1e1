// The only way to the generated code, so that its place and its form are this file's business alone.
import './prisma-types.generated.js'

export * from './generated/client.js'
