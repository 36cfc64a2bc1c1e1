import { expect, it } from 'vitest'
import { runsMikroOrm } from './runs-mikro-orm.js'

it('leaves MikroORM out below Node 22.17', () => {
  const versions = ['20.20.2', '22.16.0', '22.17.0', '24.1.0']
  expect(versions.filter(runsMikroOrm)).toEqual(['22.17.0', '24.1.0'])
})
