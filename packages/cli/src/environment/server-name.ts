import type { Target } from '@miyabi/migrate'

/** Which server and database are meant, without the login: `127.0.0.1:5432/miyabi`. */
export const serverName = ({ host, port, database }: Target): string => `${host}:${port}/${database}`
