import type { Target } from '@miyabi/migrate'
import pg from 'pg'

/** Runs `work` on a connection of its own as the migrator, which the signal closes. */
export async function withClient<T>(
  { config }: Target,
  signal: AbortSignal | undefined,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  // Where this process is gone, the server shall not finish a long statement for nobody, locks held.
  const options = [config.options, '-c client_connection_check_interval=1s'].filter(Boolean).join(' ')
  const client = new pg.Client({ ...config, options })
  client.on('error', () => {}) // a connection that breaks fails its query; without a listener it would end the process
  const end = async (): Promise<void> => void (await client.end().catch(() => {}))
  signal?.throwIfAborted()
  await client.connect()
  signal?.addEventListener('abort', end, { once: true })
  try {
    signal?.throwIfAborted() // while it connected
    return await work(client)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', end)
    await end()
  }
}
