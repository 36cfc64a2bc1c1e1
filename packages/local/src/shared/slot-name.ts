/** The name of a standby's slot on its primary. @param number of the standby, from 1. */
export const slotName = (number: number): string => `miyabi_replica_${number}`
