import { readAdmin } from './read-admin.ts';

const STAT = 'downstream_global_cx_overflow';
/** So long they are told of, in ms: whoever looks every few minutes has to find them. */
const TOLD_MS = 600_000;

/**
 * Counts the connections that Envoy turns away because as many are open as it takes. What it gives tells of those since it was asked
 * before, and of earlier ones for ten minutes.
 */
export function createTurnedAway(socketPath: string): () => Promise<number> {
  let [counted, told, toldAt] = [0, 0, Number.NEGATIVE_INFINITY];
  return async () => {
    const page = await readAdmin(socketPath, `/stats?usedonly&filter=${STAT}`);
    const count = page
      .split('\n')
      .filter((line) => line.includes(STAT))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    // Envoy that was started again counts from 0.
    const more = count < counted ? count : count - counted;
    counted = count;
    const now = performance.now();
    const earlier = now - toldAt < TOLD_MS ? told : 0;
    if (more > 0) [told, toldAt] = [earlier + more, now];
    return earlier + more;
  };
}
