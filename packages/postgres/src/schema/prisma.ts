// The only access to the generated code, so that only this file depends on its location and form.
import './prisma-types.generated.js'

export * from './generated/client.js'
