import { THIS_MACHINE } from '../../../sandbox/agent/agent-process.ts';
import { type RunningAgent, startAgent } from '../../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';
import { deployVersion, leaseOf, MODEL, shift } from '../../agent/support/deploy.ts';

/** The version that serves, and the one on trial beside it. */
export const VERSIONS = { stable: '1', candidate: '2' } as const;

/** The built agent with two versions and a rollout between them, so that every route has something to tell. */
export async function startFuzzedHost(flags: Readonly<Record<string, string>> = {}): Promise<RunningAgent> {
  const agent = await startAgent(flags, { ...THIS_MACHINE, program: 'agent/dist/agent.mjs' });
  try {
    for (const version of Object.values(VERSIONS)) {
      const { state, message } = await deployVersion(agent, { version });
      if (state !== 'ready') throw new Error(`version ${version} is ${state}: ${message}`);
    }
    await shift(agent, { stable: VERSIONS.stable, candidatePercent: 0, shadow: false });
    await shift(agent, {
      ...{ ...VERSIONS, candidatePercent: 50, shadow: false },
      // Whatever else is set by chance, the rollout is not over by its lease.
      lease: leaseOf('fuzzed-rollout', 86_400),
    });
    for (let asked = 0; asked < 20; asked += 1) await predict(agent);
    await waitFor(
      async () => (await agent.client.windows(MODEL, 0)).length > 0,
      'a window to be closed',
      120_000,
    );
    return agent;
  } catch (thrown) {
    await agent.down();
    throw thrown;
  }
}

/** Asks for one prediction. Rejects when it is not answered 200. */
export async function predict({ predictions }: RunningAgent): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(predictions, { method: 'POST', headers, body: '{"inputs":[0.25]}' });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${predictions} answered ${answer.status}: ${text}`);
}
