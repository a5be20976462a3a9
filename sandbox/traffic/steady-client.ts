import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION_HEADER } from '../../core/names.ts';

const TIMEOUT_MS = 15_000;

/** What a client has seen: answers by version, and every request that was not answered 200. */
export type SteadyClient = {
  readonly answered: () => Readonly<Record<string, number>>;
  readonly failures: () => readonly string[];
  /** When each version last answered, whatever it said, in ms since 1970. */
  readonly lastAnswers: () => Readonly<Record<string, number>>;
  /** Resolves when every request that was sent has come to an end. */
  readonly stop: () => Promise<void>;
};

/** Sends predictions one after the other, each `everyMs` after the answer to the one before, until it is stopped. */
export function startSteadyClient(url: string, everyMs = 20, x = () => Math.random()): SteadyClient {
  const { ask, ...seen } = createTally(url, x);
  let isStopped = false;
  const run = async () => {
    while (!isStopped) {
      await ask();
      await sleep(everyMs);
    }
  };
  const ended = run();
  return {
    ...seen,
    stop: async () => {
      isStopped = true;
      await ended;
    },
  };
}

/** Sends so many predictions a second, however long their answers take, until it is stopped. */
export function startPacedClient(url: string, perSecond: number, x = () => Math.random()): SteadyClient {
  const { ask, ...seen } = createTally(url, x);
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();
  let isStopped = false;
  const run = async () => {
    for (let sent = 0; !isStopped; sent += 1) {
      const due = startedAt + (sent * 1_000) / perSecond;
      await sleep(Math.max(0, due - performance.now()));
      const asked = ask();
      open.add(asked);
      void asked.then(() => open.delete(asked));
    }
  };
  const ended = run();
  return {
    ...seen,
    stop: async () => {
      isStopped = true;
      await ended;
      await Promise.all(open);
    },
  };
}

/** Asks for predictions, and counts what comes of it. */
function createTally(url: string, x: () => number) {
  const answered: Record<string, number> = {};
  const failures: string[] = [];
  const lastAnswers: Record<string, number> = {};
  const ask = async () => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: [x()] }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      const version = response.headers.get(VERSION_HEADER) ?? 'none';
      lastAnswers[version] = Date.now();
      if (response.status === 200) answered[version] = (answered[version] ?? 0) + 1;
      else failures.push(`${version}: ${response.status} ${text}`);
    } catch (thrown) {
      failures.push(String(thrown));
    }
  };
  return {
    ask,
    answered: () => answered,
    failures: () => failures,
    lastAnswers: () => lastAnswers,
  };
}
