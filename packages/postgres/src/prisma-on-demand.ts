import { load } from './load.js'

/**
 * The namespace `Prisma`, which loads Prisma's runtime when one of its members is first read. In `dist`, on-demand.ts
 * exports this: a declaration cannot give it the types of the namespace as well.
 */
export const Prisma: object = new Proxy(
  {},
  {
    get: (_, name) => Reflect.get(load().Prisma, name),
    has: (_, name) => name in load().Prisma,
    ownKeys: () => Reflect.ownKeys(load().Prisma),
    getOwnPropertyDescriptor: (_, name) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(load().Prisma, name)
      return descriptor && { ...descriptor, configurable: true }
    },
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  },
)
