import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';
import type { NetworkHost } from './network.ts';

const seenSchema = z.object({ answered: z.record(z.string(), z.number()), failures: z.array(z.string()) });

/** Answers by version and failed requests, all since the client began. */
export type Seen = z.infer<typeof seenSchema>;

/** A client on one host that asks its own data plane steadily. */
export type HostClient = {
  /** What it has seen up to the next line it prints. */
  readonly look: () => Promise<Seen>;
  readonly stop: () => Promise<void>;
};

/** Starts a steady client inside a host's own network. */
export function startHostClient({ enter }: NetworkHost, url: string): HostClient {
  const [program = '', ...args] = [...enter, process.execPath, join(import.meta.dirname, 'client.ts'), url];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let lines = 0;
  let seen: Seen = { answered: {}, failures: [] };
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen = seenSchema.parse(JSON.parse(line));
    lines += 1;
  });
  return {
    look: async () => {
      const known = lines;
      await waitFor(() => lines > known, 'the next line of a client', 20_000);
      return seen;
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** What was seen between two looks. */
export function between(from: Seen, to: Seen): Seen {
  const answered = Object.entries(to.answered).map(
    ([version, count]) => [version, count - (from.answered[version] ?? 0)] as const,
  );
  return {
    answered: Object.fromEntries(answered.filter(([, count]) => count > 0)),
    failures: to.failures.slice(from.failures.length),
  };
}
