import { createTestDatabase } from '@miyabi/testing'
import { describe } from 'vitest'
import type { IdentityDatabase } from './people.js'

/** Runs a suite on the servers of the run, and, where nothing stands between, on the oldest version that is supported. */
export function onEachServer(suite: (open: () => Promise<IdentityDatabase>) => void): void {
  describe('PostgreSQL of the run', () => suite(createTestDatabase))
}
