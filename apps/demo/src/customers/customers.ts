import type { Prisma } from '@miyabi/db'
import { lookup } from './lookup.js'
import { stableId } from './stable-id.js'

/** A customer of the marketplace, whose agents work on the repositories of some GitHub accounts. */
interface Customer {
  readonly email: string
  readonly name: string
  /** The first is the one that agents are counted on. */
  readonly plugins: readonly [CustomerPlugin, ...CustomerPlugin[]]
  readonly accounts: readonly string[]
}

interface CustomerPlugin {
  readonly pluginId: string
  readonly tier: 'free' | 'pro' | 'enterprise' | 'addon'
  readonly status: 'active' | 'trial'
}

const pro = { pluginId: 'miyabi-operations-pro', tier: 'pro', status: 'active' } as const
const scanner = { pluginId: 'miyabi-security-scanner', tier: 'addon', status: 'trial' } as const
const enterprise = { pluginId: 'miyabi-operations-enterprise', tier: 'enterprise', status: 'active' } as const
const free = { pluginId: 'miyabi-operations-free', tier: 'free', status: 'active' } as const

/** All accounts that no other customer handles. */
const community: Customer = { email: 'mei@example.com', name: 'Mei', plugins: [free], accounts: [] }

const customers: readonly Customer[] = [
  { email: 'aoi@example.com', name: 'Aoi', plugins: [pro, scanner], accounts: ['Codertocat', 'Octocoders'] },
  { email: 'ren@example.com', name: 'Ren', plugins: [enterprise], accounts: ['octo-org', 'electron', 'github'] },
  community,
]

/** The customer who pays for work on the repositories of a GitHub account, and the plugin on which it counts. */
export function payerOf(account: string): { readonly email: string; readonly pluginId: string } {
  const { email, plugins } = customers.find(({ accounts }) => accounts.includes(account)) ?? community
  return { email, pluginId: plugins[0].pluginId }
}

/** Adds missing customers and their subscriptions, and returns how many it added. */
export async function addCustomers(
  tx: Prisma.TransactionClient,
): Promise<{ customers: number; subscriptions: number }> {
  const added = await tx.user.createMany({
    data: customers.map(({ email, name }) => ({ email, name })),
    skipDuplicates: true,
  })
  const ids = await customerIds(tx)
  const subscriptions = await tx.subscription.createMany({
    data: customers.flatMap(({ email, plugins }) =>
      plugins.map((plugin) => ({
        ...plugin,
        userId: ids(email),
        licenseKey: stableId(`licence ${email} ${plugin.pluginId}`), // a real one is signed; cspell:disable-line
      })),
    ),
    skipDuplicates: true,
  })
  return { customers: added.count, subscriptions: subscriptions.count }
}

/** From a customer's e-mail address to their id. */
export async function customerIds(tx: Prisma.TransactionClient): Promise<(email: string) => string> {
  const rows = await tx.user.findMany({
    where: { email: { in: customers.map(({ email }) => email) } },
    select: { id: true, email: true },
  })
  return lookup(rows.map(({ id, email }) => [email, id]))
}
