import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaptureSnapshot } from '../../../agent/windows/read-capture.ts';
import { toInstant } from '../../../core/instant.ts';
import { SCHEMAS } from '../../../core/names.ts';
import type { Actor, Scheduler } from '../scheduler.ts';
import { MODEL } from '../world-config.ts';
import type { Clients } from './clients.ts';
import type { ModelServers } from './model-servers.ts';

type Handlers = {
  readonly time: Scheduler;
  readonly servers: ModelServers;
  readonly clients: Clients;
};

/** Handlers write their counts every so many ms, as `--capture-seconds` says by default. */
const EVERY_MS = 5_000;
const WORKERS: Actor = { name: 'workers', isAlive: true };

/** What a model server's handlers write of what they answered: so late that an agent may have counted the requests already. */
export function keepCapturing({ time, servers, clients }: Handlers): void {
  const write = () => {
    clients.settle();
    for (const { port, version, captureFolder, servingSince, state } of servers.running.values()) {
      if (state !== 'serving') continue;
      const worker = `worker-${port}.json`;
      const { requests, copies } = clients.invalidOf(port);
      mkdirSync(captureFolder, { recursive: true });
      const snapshot: CaptureSnapshot = {
        ...{ schema: SCHEMAS.capture, model: MODEL, version, worker, n: 0, features: {} },
        ...{ startedAt: toInstant(time.now() - time.elapsed() + servingSince), at: toInstant(time.now()) },
        ...{ invalid: requests + copies, invalidAnswers: requests, invalidCopies: copies, refused: 0 },
        prediction: { counts: [] },
      };
      writeFileSync(join(captureFolder, worker), JSON.stringify(snapshot));
    }
    time.after(EVERY_MS, WORKERS, write);
  };
  time.after(EVERY_MS * Math.random(), WORKERS, write);
}
