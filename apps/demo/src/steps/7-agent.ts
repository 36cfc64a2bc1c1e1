import { type AgentState, type DatabaseContext, type Message, StaleAgentStateError } from '@miyabi/db'
import { stableId } from '../customers/stable-id.js'
import { print, say, table } from '../terminal/print.js'

/** The delivery whose execution is played through here: an issue was opened. */
const DELIVERY = 'issues/15'

const life = [
  { status: 'pending', progress: 0, currentTask: 'waits for its turn' },
  { status: 'running', progress: 10, currentTask: 'reads the issue' },
  { status: 'running', progress: 60, currentTask: 'writes the change' },
  { status: 'completed', progress: 100, currentTask: 'opened a pull request' },
] as const

/** An agent works and reports its progress; a user who watches gets a message for every change, and acknowledges it. */
export async function agent(db: DatabaseContext): Promise<void> {
  const execution = await db.asService().pg.agentExecution.findUniqueOrThrow({
    where: { id: stableId(`execution ${DELIVERY}`) },
    include: { user: true, repository: true },
  })
  const enqueued = await live(db, execution.id, execution.userId)
  const delivered = await deliver(db, execution.userId)

  const { items: states } = await db.dynamodb.agentState.history(execution.id, { order: 'asc' })
  say(
    `the ${execution.agentType} agent on ${execution.repository.fullName}, watched by ${execution.user.githubUsername}`,
  )
  table(
    ['state', 'progress', 'task', 'saved at'],
    states.map(({ status, progress, currentTask, updatedAt }) => [
      status,
      progress,
      currentTask,
      updatedAt.toISOString(),
    ]),
  )
  print()
  const [first] = states
  if (first) say(`a writer that knows only the first version: ${await saveLate(db, first)}`)
  const { items: left } = await db.dynamodb.messages.undelivered(execution.userId)
  print()
  table(
    ['messages', 'enqueued', 'delivered', 'acknowledged', 'left'],
    [['of this run', enqueued, delivered.messages.length, delivered.acknowledged, left.length]],
  )
}

/**
 * Takes the agent from its current state to the end, and returns the number of messages sent about it. Each save names
 * the version it follows: of two concurrent saves, one is refused.
 */
async function live(db: DatabaseContext, agentId: string, recipient: string): Promise<number> {
  let state: AgentState | undefined = await db.dynamodb.agentState.current(agentId)
  const { progress: done = -1 } = state ?? {}
  const ahead = life.filter(({ progress }) => progress > done)
  for (const next of ahead) {
    state = await db.dynamodb.agentState.save({ agentId, ...next, expectedVersion: state?.version ?? 0 })
    // If a crash loses the message here, no state is lost: it only reports a newer state, which is stored.
    const payload = { agentId, version: state.version, status: state.status, progress: state.progress }
    await db.dynamodb.messages.enqueue({ recipient, messageType: 'execution_update', payload })
  }
  return ahead.length
}

/** A save that follows a state which is no longer the current one, and its error. */
async function saveLate(db: DatabaseContext, { agentId, version }: AgentState): Promise<string> {
  try {
    await db.dynamodb.agentState.save({ agentId, status: 'running', progress: 20, expectedVersion: version })
  } catch (error) {
    if (error instanceof StaleAgentStateError) return `${error.code}, ${error.current?.status} by now`
    throw error
  }
  throw new Error('it has overwritten a newer state')
}

/** The work of a web socket server for a connected user: lease messages, send them, acknowledge those sent. */
async function deliver(
  db: DatabaseContext,
  recipient: string,
): Promise<{ readonly messages: readonly Message[]; readonly acknowledged: number }> {
  await using lease = await db.dynamodb.messages.lease(recipient, { connectionId: 'demo', takeOver: true })
  const { messages } = await lease.receive()
  const acknowledged = await Promise.all(
    messages.map(({ messageId }) => db.dynamodb.messages.acknowledge(recipient, messageId)),
  )
  return { messages, acknowledged: acknowledged.filter(Boolean).length }
}
