/** How events spread over the keys of one kind: the share of each, the hottest first. */
export type Shares = readonly number[]

/** The share of each of `count` keys when the n-th is used 1/n^exponent as often as the first. */
export function zipf(count: number, exponent: number): Shares {
  const weights = Array.from({ length: count }, (_, n) => 1 / (n + 1) ** exponent)
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / sum)
}

/** What events are read by, with how they spread over it. */
export const traffic = {
  types: { about: '40 types, Zipf 1.0', shares: zipf(40, 1) },
  users: { about: '20,000 users, Zipf 0.9', shares: zipf(20_000, 0.9) },
  repositories: { about: '5,000 repositories, Zipf 1.0', shares: zipf(5000, 1) },
} as const

/** The kinds of key. */
export type Kind = keyof typeof traffic

export const kinds = Object.keys(traffic) as Kind[]
