/** A report of a stage, as a host of so many sent it. */
type Reminding = {
  readonly hostId: string | undefined;
  /** Which reminder it is, from 1 on; anything else is none. */
  readonly reminder: unknown;
  readonly hosts: number;
};

/** Digits of an id that a turn is drawn by: they are random. */
const DIGITS = 8;

/**
 * Whether a reminder of a stage is left to other hosts. Each of them reminds, and a job for each would wait for the same approval: the k-th
 * is heard from those whose id gives k, so that in a fleet it is about one, and another each time. A first report is always heard.
 */
export function isOthersTurn({ hostId, reminder, hosts }: Reminding): boolean {
  if (hostId === undefined || typeof reminder !== 'number' || !Number.isSafeInteger(reminder) || reminder < 1)
    return false;
  return (Number.parseInt(hostId.slice(0, DIGITS), 16) + reminder) % hosts !== 0;
}
