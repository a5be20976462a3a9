import { readFileSync } from 'node:fs';
import process from 'node:process';
import { z } from 'zod';
import { gatherInput } from '../../actions/monitor-check/gather-input.ts';
import { createAgentClient } from '../../adapters/agent-client.ts';
import { referenceProfileSchema } from '../../core/drift/profile.ts';
import { toInstant } from '../../core/instant.ts';
import { startFold } from '../../core/ledger/fold.ts';
import { decideMonitor } from '../../core/monitor/decide-monitor.ts';
import { renderMonitorPage } from '../../core/monitor/page/render-page.ts';
import type { AgentPort } from '../../core/ports.ts';
import { readDefaults } from '../simulate/year/defaults.ts';
import { ENVIRONMENT, recordVersion } from '../simulate/year/records.ts';
import { spent } from './figures.ts';

/**
 * One check of many hosts: asks them, judges, decides, and renders the page, in a process of its own, and prints what it took. One agent stands
 * for all of them, and its answers are told apart by an id: each is sent and read anew.
 *
 *     node measure/bench/check-hosts.ts FILE
 */
const given = z
  .object({
    url: z.url(),
    token: z.string(),
    hosts: z.int(),
    now: z.number(),
    profile: referenceProfileSchema,
  })
  .parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const { model, version } = given.profile;
const client = createAgentClient({ url: given.url, token: given.token });
const agents = Array.from({ length: given.hosts }, (_, index) => nameHost(index));
const now = toInstant(given.now);
const fold = startFold(model);
const began = toInstant(given.now - 400 * 86_400_000);
for (const event of recordVersion(began, { kind: 'manual', id: 'first' }, version)) fold.add(event);

const cause = { kind: 'schedule', id: 'check' } as const;
const workflow = { repository: 'team/models', run: '1', attempt: 1, sha: 'abc' };

const before = spent();
const { input, evidence } = await gatherInput(
  {
    request: { config: readDefaults(model), environmentName: ENVIRONMENT, author: { cause, workflow } },
    ports: {
      agents,
      clock: { now: () => now },
      packages: { fetchProfile: async () => given.profile },
      github: { lastScheduledRun: async () => now },
      log: { warn: (line) => console.error(line) },
    },
  },
  fold.state(),
);
const decision = decideMonitor(input);
const page = renderMonitorPage({ input, evidence, decision, events: [], runUrl: 'https://github.test/run' });
process.stdout.write(
  `${JSON.stringify({
    seconds: spent() - before,
    bytes: process.resourceUsage().maxRSS * 1024,
    pageBytes: page.length,
    batches: input.drift?.batches,
    answered: input.hosts.filter(({ problem }) => problem === undefined).length,
  })}\n`,
);

function nameHost(index: number): AgentPort {
  const hostId = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  return {
    ...client,
    url: `https://serve-${index}.test:9443`,
    state: async () => ({ ...(await client.state()), hostId }),
    windows: async (...asked) => (await client.windows(...asked)).map((window) => ({ ...window, hostId })),
  };
}
