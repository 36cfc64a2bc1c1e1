/** The oldest Node, as `major.minor`, that a peer runs on where ours runs on an older one. */
export const NEEDS = { MikroORM: '22.17', 'pg-boss': '22.12', 'graphile-worker': '22.18' } as const

/** A library that is compared only where Node is new enough for it. */
export type PickyPeer = keyof typeof NEEDS

/** Whether a version of Node runs a peer; `onLeftOut` hears the reason where it does not. */
export function runsOn(node: string, peer: PickyPeer, onLeftOut: (reason: string) => void): boolean {
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const [neededMajor = 0, neededMinor = 0] = NEEDS[peer].split('.').map(Number)
  const runs = major > neededMajor || (major === neededMajor && minor >= neededMinor)
  if (!runs) onLeftOut(`${peer} is left out: it needs Node ${NEEDS[peer]}, and this is ${node}`)
  return runs
}
