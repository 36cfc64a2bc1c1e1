import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { differencesOf, everyMutant } from './mutants.js'
import { openSecured, type SecuredDatabase } from './secured-database.js'

/** `pnpm test:policies`. A policy that could be `true` without anybody noticing is not tested, or not needed. */
describe('a policy with one of its expressions set to true', () => {
  let db: SecuredDatabase
  beforeAll(async () => {
    db = await openSecured()
  })
  afterAll(() => db.close())

  it('is noticed by the matrix, whichever it is', async () => {
    const mutants = await everyMutant(db)
    const missed: string[] = []
    for (const mutant of mutants) {
      const differences = await differencesOf(db, db.columns, mutant)
      if (differences.length === 0) missed.push(`${mutant.table}: ${mutant.policy} ${mutant.clause} (true)`)
    }
    console.log(`${mutants.length} policy expressions set to true, ${missed.length} of them unnoticed`)
    expect(missed).toEqual([])
    expect(mutants.length).toBeGreaterThan(50)
  })
})
