import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type DispatchPayload, dispatchPayloadSchema } from '../../core/serving/dispatch-payload.ts';
import type { FaultQueue } from './faults.ts';
import { createGitRemote } from './git-remote.ts';
import { createRepository, renameRepository } from './repository.ts';
import { startGitHubServer } from './server.ts';

const AGENT = 'trainyard-agent[bot]';
const dispatchSchema = z.object({ event_type: z.string(), client_payload: dispatchPayloadSchema });

/** One dispatch that was sent, whatever it was answered. */
type Received = {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly type: string;
  readonly payload: DispatchPayload;
};

/** GitHub for an agent alone: takes its dispatches to one repository, and shows what was sent. */
export type DispatchReceiver = {
  readonly url: string;
  readonly received: () => readonly Received[];
  readonly faults: FaultQueue;
  /** Renames the repository: its former name leads on. */
  readonly rename: (name: string) => void;
  readonly close: () => Promise<void>;
};

/** Starts GitHub's stand-in for an agent that reports to `repository` with `token`. */
export async function startDispatchReceiver(
  repository = 'acme/models',
  token = 'github-token',
): Promise<DispatchReceiver> {
  const folder = mkdtempSync(join(tmpdir(), 'ty-github-'));
  const known = createRepository(repository, { [AGENT]: 'write' });
  const server = await startGitHubServer({
    repository: known,
    remote: createGitRemote(join(folder, 'remote.git')),
    tokens: new Map([[token, AGENT]]),
    onDispatch: () => undefined,
    describeRuns: () => [],
  });
  return {
    url: server.addresses.web,
    faults: server.faults,
    rename: (name) => renameRepository(known, name),
    received: () =>
      server.exchanges
        .filter(({ path }) => path.endsWith('/dispatches'))
        .map(({ path, authorization, body }) => {
          const { event_type: type, client_payload: payload } = dispatchSchema.parse(body);
          return { path, authorization, type, payload };
        }),
    close: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
