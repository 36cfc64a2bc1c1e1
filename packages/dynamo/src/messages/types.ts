/** What a message is about. */
export const messageTypes = ['execution_update', 'notification', 'ping'] as const

export type MessageType = (typeof messageTypes)[number]
