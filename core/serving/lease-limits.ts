/** Hosts are polled often enough to renew a lease so many times before it ends. */
export const POLLS_PER_LEASE = 4;

/** Hosts are polled no more often than this, in s. */
export const SHORTEST_POLL_SECONDS = 1;

/** A shorter lease would end between two polls, in s. */
export const SHORTEST_LEASE_SECONDS = POLLS_PER_LEASE * SHORTEST_POLL_SECONDS;
