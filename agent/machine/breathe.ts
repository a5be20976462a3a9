import { setImmediate } from 'node:timers/promises';

/** Lets everything else that waits in this process go first. Long work calls it between pieces of a few ms. */
export async function breathe(): Promise<void> {
  await setImmediate();
}
