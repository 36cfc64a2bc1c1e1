import type { Delivery } from './deliveries.js'
import type { Account, Payload } from './payload.js'

/** A web user from a delivery: users, bots and organizations alike. */
export interface GithubUser {
  readonly githubId: bigint
  readonly githubUsername: string
  readonly email: string | null
  readonly avatarUrl: string
}

/** A repository from a delivery. */
export interface GithubRepository {
  readonly githubRepoId: bigint
  readonly ownerGithubId: bigint
  readonly owner: string
  readonly name: string
  readonly fullName: string
  readonly defaultBranch: string
}

/**
 * The senders of deliveries and the owners of their repositories, each once: as first reported, since the examples do
 * not agree on every name.
 */
export function toWebUsers(deliveries: readonly Delivery[]): GithubUser[] {
  const accounts = deliveries.flatMap(({ payload }) => [payload.sender, payload.repository?.owner])
  return firstBy(accounts.filter((account) => account !== undefined).map(toWebUser), (user) => user.githubId)
}

/** The repositories of the deliveries, each once, as first reported. */
export function toRepositories(deliveries: readonly Delivery[]): GithubRepository[] {
  const repositories = deliveries.flatMap(({ payload }) =>
    payload.repository ? [toRepository(payload.repository)] : [],
  )
  return firstBy(repositories, (repository) => repository.githubRepoId)
}

function toWebUser(account: Account): GithubUser {
  return {
    githubId: BigInt(account.id),
    githubUsername: account.login,
    email: account.email ?? null,
    avatarUrl: account.avatar_url,
  }
}

function toRepository(repository: NonNullable<Payload['repository']>): GithubRepository {
  return {
    githubRepoId: BigInt(repository.id),
    ownerGithubId: BigInt(repository.owner.id),
    owner: repository.owner.login,
    name: repository.name,
    fullName: repository.full_name,
    defaultBranch: repository.default_branch,
  }
}

function firstBy<T>(items: readonly T[], key: (item: T) => bigint): T[] {
  // A Map keeps the last of equal keys, hence from the back.
  return [...new Map([...items].reverse().map((item) => [key(item), item])).values()].reverse()
}
