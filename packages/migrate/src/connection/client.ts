import pg from 'pg'

/**
 * Runs `work` on a separate connection and closes it.
 * @param signal closes it immediately, so that its query fails instead of running to its end without a reader.
 * @throws the signal's reason, and any error of `work` or of connecting.
 */
export async function withClient<T>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const client = new pg.Client(config)
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
