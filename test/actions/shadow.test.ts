import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import type { World } from './support/deployment.ts';
import { createServing } from './support/histories.ts';

/** Version 2 is to replace version 1, and gets copies of requests for a minute first; how copies and requests fare is told. */
async function shadow(behaviour: Partial<World['agents'][number]['behaviour']> = {}, shadowSeconds = 60) {
  const world = createServing();
  for (const agent of world.agents) Object.assign(agent.behaviour, behaviour);
  const { request, ports } = world.job({ version: '2' });
  const environment = { ...request.environment, shadowSeconds };
  const copying = () => world.agents[0].traffic?.shadow === true;
  const waits: number[] = [];
  const clock: typeof ports.clock = {
    ...ports.clock,
    wait: (milliseconds, signal) => {
      if (copying()) waits.push(milliseconds);
      return ports.clock.wait(milliseconds, signal);
    },
  };
  const { reasonCode } = await deploy({ request: { ...request, environment }, ports: { ...ports, clock } });
  const saying = (kind: string) => JSON.stringify(world.ledger.events.find((event) => event.kind === kind));
  return { reasonCode, history: world.agents[0].trafficHistory, saying, waits };
}

describe('a shadow', () => {
  test('says before the first share how often both versions answered copied requests differently', async () => {
    const { history, saying } = await shadow();
    expect(history[0]).toMatchObject({ shadow: true, candidatePercent: 0 });
    expect(saying('rollout.advanced')).toMatch(/answer 5% \[[^\]]+\] of [\d,]+ requests differently/);
  });

  test('is no canary before the copies have ended: a version that answers none never gets a request', async () => {
    const { reasonCode, history, saying } = await shadow({ copiesTakeTicks: 12, candidateErrors: 1 });
    expect(reasonCode).toBe('rolled-back');
    expect(history.every(({ candidatePercent }) => candidatePercent === 0)).toBe(true);
    expect(saying('rollout.rolled-back')).toMatch(
      /shadow-failed.*On copies of requests the candidate does harm: errors/,
    );
  });

  test('waits for slow copies, and no longer than an answer may take', async () => {
    const slow = await shadow({ copiesTakeTicks: 8 });
    expect(slow.saying('rollout.advanced')).toMatch(
      /answered [\d,]+ copies of requests without proof of harm/,
    );
    const endless = await shadow({ copiesTakeTicks: 1_000 });
    expect(endless.saying('rollout.advanced')).toMatch(/Of ([\d,]+) copies of requests \1 had not ended/);
  });

  test('copies no longer than it is given where that is shorter than a look at the hosts', async () => {
    const { reasonCode, waits } = await shadow({}, 0.5);
    expect(reasonCode).toBe('promoted');
    expect(waits).toEqual([500]);
  });
});
