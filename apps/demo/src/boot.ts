import { applicationUrlsOf, type Environment, type Logger, MiyabiError, resolveServers } from '@miyabi/db'
import { acquireStack, type Stack } from '@miyabi/local'
import { duration, say, timed } from './terminal/print.js'

/** The addresses of the servers, and the embedded ones if the demo started them. */
export interface Servers {
  /** The environment with every URL set. */
  readonly env: Environment
  readonly stack: Stack | undefined
}

/**
 * Starts the embedded servers (or uses running ones) if the environment does not set a URL. In production no server is
 * started, and the context reports missing settings.
 */
export async function boot(env: Environment, logger: Logger, signal: AbortSignal): Promise<Servers> {
  const origins = resolveServers(env)
  const needsPostgres = origins.postgres === 'stack'
  const needsDynamo = origins.dynamodb === 'stack'
  if (!needsPostgres && !needsDynamo) {
    say('the servers named in the environment')
    return { env, stack: undefined }
  }

  say('starting the embedded servers ...')
  const { value: stack, ms } = await timed(() => acquireStack({ signal, logger }))
  try {
    const { postgres, dynamodb } = stack.descriptor
    say(`the embedded servers, started in ${duration(ms)}; their data is in ${stack.descriptor.dataDir}`)
    const urls: Record<string, string> = {}
    if (needsPostgres) {
      Object.assign(urls, applicationUrlsOf(stack.descriptor, env))
      urls['DIRECT_DATABASE_URL'] = postgres.directDatabaseUrl
    }
    if (needsDynamo) {
      if ('unavailable' in dynamodb) throw new MiyabiError('demo.no_dynamodb', String(dynamodb.unavailable))
      urls['DYNAMODB_ENDPOINT'] = String(dynamodb.endpoint)
    }
    return { env: { ...env, ...urls }, stack }
  } catch (error) {
    await stack.close()
    throw error
  }
}
