import { THIS_MACHINE } from '../../../sandbox/agent/agent-process.ts';
import { buildPackage } from '../../../sandbox/agent/build-package.ts';
import { type RunningAgent, startAgent } from '../../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';

const MODEL = 'doubler';
const START_MS = 180_000;

/** The seconds between two looks of the measured agent: what it has unless told. */
export const TICK_SECONDS = 5;

/** The built agent as its unit file starts it, with two versions of a tiny model, of which the first serves. */
export async function startTwoVersions(): Promise<RunningAgent> {
  process.env['MALLOC_ARENA_MAX'] = '1';
  const agent = await startAgent(
    { 'tick-seconds': String(TICK_SECONDS), 'capture-seconds': '5' },
    { ...THIS_MACHINE, program: 'agent/dist/agent.mjs' },
  );
  for (const version of ['1', '2']) {
    const { files, manifest } = buildPackage({ folder: agent.folder, version });
    for (const { digest, file } of files) await agent.client.putBlob(digest, file);
    await agent.client.startInstance(MODEL, version, { manifest });
    await waitFor(
      async () => (await agent.client.getInstance(MODEL, version))?.state === 'ready',
      `version ${version} to be ready`,
      START_MS,
    );
  }
  await shareOut(agent, 0);
  return agent;
}

/** Gives the second version so many percent of the requests; of 0 it is on trial no more. */
export async function shareOut({ client }: RunningAgent, candidatePercent: number): Promise<void> {
  const present = await client.getTraffic(MODEL);
  const candidate = candidatePercent === 0 ? {} : { candidate: '2' };
  await client.setTraffic(
    MODEL,
    { stable: '1', ...candidate, candidatePercent, shadow: false },
    present?.revision,
  );
}
