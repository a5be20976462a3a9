import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION_HEADER } from '../../../core/names.ts';

/** What a steady client has seen: answers by version, and every request that was not answered 200. */
export type SteadyClient = {
  readonly answered: () => Readonly<Record<string, number>>;
  readonly failures: () => readonly string[];
  readonly stop: () => Promise<void>;
};

/** Sends predictions one after the other, one every `everyMs`, until it is stopped. */
export function startSteadyClient(url: string, everyMs = 20, x = () => Math.random()): SteadyClient {
  const answered: Record<string, number> = {};
  const failures: string[] = [];
  let isStopped = false;
  const run = async () => {
    while (!isStopped) {
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ inputs: [x()] }),
          signal: AbortSignal.timeout(15_000),
        });
        const text = await response.text();
        const version = response.headers.get(VERSION_HEADER) ?? 'none';
        if (response.status === 200) answered[version] = (answered[version] ?? 0) + 1;
        else failures.push(`${version}: ${response.status} ${text}`);
      } catch (thrown) {
        failures.push(String(thrown));
      }
      await sleep(everyMs);
    }
  };
  const ended = run();
  return {
    answered: () => answered,
    failures: () => failures,
    stop: async () => {
      isStopped = true;
      await ended;
    },
  };
}
