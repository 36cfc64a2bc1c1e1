/** The channel over which a process receives the tags that any process raises. */
export interface TagLine {
  /**
   * Unchanged for as long as no tag was missed; undefined while tags are not received. Entries that were stored under
   * another token are not served.
   */
  readonly token: unknown
}
