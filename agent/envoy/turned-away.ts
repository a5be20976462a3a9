import { MAX_CONNECTIONS } from './config/bootstrap.ts';
import { SHARE_STAT } from './config/client-shares.ts';
import { readAdmin } from './read-admin.ts';

/** Those that came when all places were taken, and the surplus of single clients. */
const TURNED_AWAY = ['downstream_global_cx_overflow', `${SHARE_STAT}.limited_connections`];
const OPEN = 'http.predictions.downstream_cx_active';
/** So long they are told of, in ms: whoever looks every few minutes has to find them. */
const TOLD_MS = 600_000;

/**
 * Counts the connections that Envoy turns away because as many are open as it takes, in all or of one client. What it gives tells of those
 * since it was asked before, and of earlier ones for ten minutes.
 */
export function createTurnedAway(socketPath: string): () => Promise<number> {
  let [counted, told, toldAt] = [0, 0, Number.NEGATIVE_INFINITY];
  return async () => {
    const count = await sum(socketPath, TURNED_AWAY);
    // Envoy that was started again counts from 0.
    const more = count < counted ? count : count - counted;
    counted = count;
    const now = performance.now();
    const earlier = now - toldAt < TOLD_MS ? told : 0;
    if (more > 0) [told, toldAt] = [earlier + more, now];
    return earlier + more;
  };
}

/** Whether all places for connections are taken now. */
export async function isFull(socketPath: string): Promise<boolean> {
  return (await sum(socketPath, [OPEN])) >= MAX_CONNECTIONS;
}

/** The sum of the statistics whose names end so. */
async function sum(socketPath: string, names: readonly string[]): Promise<number> {
  const page = await readAdmin(socketPath, `/stats?usedonly&filter=(${names.join('|')})$`);
  return page
    .split('\n')
    .filter((line) => line.includes(': '))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
}
