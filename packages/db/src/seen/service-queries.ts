import type { Queries } from '@miyabi/postgres'

/**
 * The queries of the service's pool as one of those who ask as the service has them: what others ask counts only once
 * this one has asked something.
 */
export function serviceQueries(service: Queries): Queries {
  const { answered, written } = service
  let hasAsked = false
  const asking = (): Queries => {
    hasAsked = true
    return service
  }
  return {
    get prisma() {
      return asking().prisma
    },
    transaction: (work, options) => asking().transaction(work, options),
    read: (work, options) => asking().read(work, options),
    query: (text, values) => asking().query(text, values),
    get answered() {
      return hasAsked ? service.answered : answered
    },
    get written() {
      return hasAsked ? service.written : written
    },
  }
}
