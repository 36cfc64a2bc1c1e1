/** Where an agent stands: pending, then running, then completed or failed. */
export const agentStatuses = ['pending', 'running', 'completed', 'failed'] as const

export type AgentStatus = (typeof agentStatuses)[number]
