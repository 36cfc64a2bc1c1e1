/**
 * Carries notifications of new messages between processes. Passed in by an application that has such a channel; without
 * one, readers that wait in other processes check for messages every 250 ms.
 */
export interface MessageWakes {
  /** Whether other processes' notifications are currently received. While they are not, waiting readers poll. */
  readonly isHearing: boolean
  /**
   * Notifies other processes that a message may have been stored. Neither waits nor throws.
   * @param mark of the recipient: a hash of its name, since others may listen to the channel.
   */
  tell(mark: string): void
  /**
   * @param heard is called with the mark of each recipient that another process reports; without one when notifications
   * may have been missed.
   * @returns a function that stops listening.
   */
  listen(heard: (mark?: string) => void): () => void
}
