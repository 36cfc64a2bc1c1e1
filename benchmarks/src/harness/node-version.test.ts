import { expect, it } from 'vitest'
import { NEEDS, type PickyPeer, runsOn } from './node-version.js'

const versions = ['20.20.2', '22.11.9', '22.12.0', '22.16.0', '22.17.0', '22.18.0', '23.0.0', '24.1.0']

it.each<[PickyPeer, string]>([
  ['pg-boss', '22.12.0'],
  ['MikroORM', '22.17.0'],
  ['graphile-worker', '22.18.0'],
])('%s is compared from Node %s on', (peer, first) => {
  const reasons: string[] = []
  const running = versions.filter((node) => runsOn(node, peer, (reason) => reasons.push(reason)))
  expect(running).toEqual(versions.slice(versions.indexOf(first)))
  expect(reasons).toHaveLength(versions.indexOf(first))
  expect(reasons[0]).toBe(`${peer} is left out: it needs Node ${NEEDS[peer]}, and this is 20.20.2`)
})
