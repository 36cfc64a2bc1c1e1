/** What a message is about. */
export const messageTypes = ['execution_update', 'notification', 'ping'] as const

export type MessageType = (typeof messageTypes)[number]

/** Digits of a sequence number in a key: 2^53 - 1 has sixteen. */
export const SEQUENCE_DIGITS = 16
