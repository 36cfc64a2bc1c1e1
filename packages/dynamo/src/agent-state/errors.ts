import { defined, MiyabiError } from '@miyabi/core'
import type { AgentState } from './state.js'
import type { AgentStatus } from './statuses.js'

interface StaleDetails {
  readonly agentId: string
  readonly expectedVersion: number
  /** 0 when there is no state. */
  readonly currentVersion: number
}

/** Another writer saved a newer state in the meantime. Nothing was written; read `current`, decide again, then save. */
export class StaleAgentStateError extends MiyabiError<'dynamo.agent_state.stale', StaleDetails> {
  override readonly name = 'StaleAgentStateError'
  readonly #current: AgentState | undefined

  constructor(agentId: string, expectedVersion: number, current: AgentState | undefined) {
    const currentVersion = current?.version ?? 0
    super(
      'dynamo.agent_state.stale',
      currentVersion === 0
        ? `the agent has no state at version ${expectedVersion} and no current state: it never had one, or it has expired`
        : `the agent's state is at version ${currentVersion}, not ${expectedVersion || 'none'}: another writer saved it`,
      {
        details: { agentId, expectedVersion, currentVersion },
        remedy: currentVersion === 0 ? 'start with expectedVersion 0' : 'decide again from `current`, then save',
      },
    )
    this.#current = current
  }

  /** The newer state, or undefined when there is none (any more). Not included when this error is printed. */
  get current(): AgentState | undefined {
    return this.#current
  }
}

interface TransitionDetails {
  readonly agentId: string
  /** Undefined when the agent has no state. */
  readonly from: AgentStatus | undefined
  readonly to: AgentStatus
}

/**
 * An agent goes from pending to running to completed or failed; only a restart returns it to pending. Nothing was
 * written.
 */
export class IllegalTransitionError extends MiyabiError<'dynamo.agent_state.illegal_transition', TransitionDetails> {
  override readonly name = 'IllegalTransitionError'

  constructor(agentId: string, from: AgentStatus | undefined, to: AgentStatus, isRestart: boolean) {
    super(
      'dynamo.agent_state.illegal_transition',
      isRestart
        ? `only an agent that has completed or failed can be restarted; this agent ${from ? `is ${from}` : 'has no state'}`
        : `an agent cannot ${from ? `go from ${from} to` : 'start as'} ${to}; expected pending, then running, then completed or failed`,
      {
        details: { agentId, from, to },
        ...defined({ remedy: isRestart ? undefined : 'restart it to return it to pending' }),
      },
    )
  }
}
