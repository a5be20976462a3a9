import { readFile } from 'node:fs/promises';

const COUNTER = /^oom_kill (?<count>\d+)$/m;

/** How many processes of this machine its kernel has ended for want of memory since it was started; 0 where it does not say. */
export async function countMemoryKills(file = '/proc/vmstat'): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return Number(COUNTER.exec(text)?.groups?.['count'] ?? 0);
}
