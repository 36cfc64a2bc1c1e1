/** Over what a process hears which tags are raised, wherever they are. */
export interface TagLine {
  /**
   * The same for as long as nothing was missed; undefined while tags are not heard. What was stored under another one
   * is not served.
   */
  readonly token: unknown
}
