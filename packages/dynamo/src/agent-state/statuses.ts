/** The status of an agent: pending, then running, then completed or failed. */
export const agentStatuses = ['pending', 'running', 'completed', 'failed'] as const

export type AgentStatus = (typeof agentStatuses)[number]
