import { describe, expect, it } from 'vitest'
import { readDeliveries } from './deliveries.js'
import { toExecution, toLogLines } from './execution.js'
import { toRepositories, toWebUsers } from './people.js'

const deliveries = readDeliveries()
const executions = deliveries.flatMap((delivery) => toExecution(delivery) ?? [])

const count = <T>(items: readonly T[], key: (item: T) => string): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1
  return counts
}

describe('the deliveries of the package', () => {
  it('are 329 of 58 kinds, each with a unique name', () => {
    expect(deliveries).toHaveLength(329)
    expect(new Set(deliveries.map(({ kind }) => kind)).size).toBe(58)
    expect(new Set(deliveries.map(({ name }) => name)).size).toBe(329)
  })

  it('come from 29 accounts and 19 repositories, each owned by one of the accounts', () => {
    const users = toWebUsers(deliveries)
    const repositories = toRepositories(deliveries)
    const ids = new Set(users.map(({ githubId }) => githubId))
    expect(users).toHaveLength(29)
    expect(ids.size).toBe(29)
    expect(repositories).toHaveLength(19)
    expect(repositories.every(({ ownerGithubId }) => ids.has(ownerGithubId))).toBe(true)
  })

  it('mention an account several times, and the first one counts', () => {
    const named = toWebUsers(deliveries).find(({ githubId }) => githubId === 21031067n)
    expect(named?.githubUsername).toBe('Codertocat')
  })
})

describe('toExecution', () => {
  it('creates executions from ten kinds', () => {
    expect(count(executions, ({ agentType }) => agentType)).toMatchInlineSnapshot(`
      {
        "CodeGen": 7,
        "Coordinator": 13,
        "Deployment": 8,
        "Issue": 29,
        "PR": 29,
        "Review": 22,
      }
    `)
    expect(count(executions, ({ status }) => status)).toMatchInlineSnapshot(`
      {
        "completed": 23,
        "failed": 3,
        "pending": 27,
        "running": 55,
      }
    `)
  })

  it('assigns every execution to a sender and a repository', () => {
    const work = deliveries.filter((delivery) => toExecution(delivery))
    expect(work.every(({ payload }) => payload.sender && payload.repository)).toBe(true)
  })

  it('sets the end of an ended execution, never before its start, and the reason of a failed one', () => {
    for (const { status, startedAt, completedAt, errorMessage } of executions) {
      const hasEnded = status === 'completed' || status === 'failed'
      expect(completedAt !== null && startedAt !== null).toBe(hasEnded)
      if (startedAt && completedAt) expect(completedAt.getTime()).toBeGreaterThanOrEqual(startedAt.getTime())
      expect(errorMessage !== null).toBe(status === 'failed')
    }
  })

  it('is pure: equal deliveries produce equal executions', () => {
    expect(readDeliveries().map(toExecution)).toEqual(deliveries.map(toExecution))
  })
})

describe('toLogLines', () => {
  it('logs the arrival, each step of a job, and the outcome', () => {
    const delivery = deliveries.find(({ name }) => name === 'workflow_job/1')
    const execution = delivery && toExecution(delivery)
    expect(delivery && execution && toLogLines(delivery, execution)).toMatchInlineSnapshot(`
      [
        {
          "logLevel": "INFO",
          "message": "received workflow_job completed "linters"",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Set up job": success",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Run actions/checkout@v2": success",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Run actions/setup-node@v2": success",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Get yarn cache directory path": success",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Run actions/cache@v2": success",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Run yarn install": success",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Run yarn run js-lint": success",
        },
        {
          "logLevel": "ERROR",
          "message": "step "Run yarn run format-check": failure",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Post Run actions/cache@v2": skipped",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Post Run actions/setup-node@v2": skipped",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Post Run actions/checkout@v2": success",
        },
        {
          "logLevel": "DEBUG",
          "message": "step "Complete job": success",
        },
        {
          "logLevel": "ERROR",
          "message": "workflow_job ended with failure",
        },
      ]
    `)
  })
})
