/**
 * Carries word of new messages between processes. Handed in by whoever has such a channel; without one, readers that
 * wait in other processes look for messages every 250 ms.
 */
export interface MessageWakes {
  /** Whether other processes are heard at this moment. While they are not, readers that wait look for themselves. */
  readonly isHearing: boolean
  /**
   * Tells other processes that a message may have been stored. Neither waits nor throws.
   * @param mark of the recipient: a hash of its name, since others may listen to the channel.
   */
  tell(mark: string): void
  /**
   * @param heard is called with the mark of each recipient that another process tells of; without one where word may
   *   have been missed.
   * @returns stops listening.
   */
  listen(heard: (mark?: string) => void): () => void
}
