import { describe, expect, it } from 'vitest';
import { deploy } from '../../../actions/deploy/deploy.ts';
import { createFleet } from '../../../actions/deploy/hosts/fleet.ts';
import { linkLedger } from '../../../actions/serving/link-ledger.ts';
import { championEvents, createWorld, versionEvents } from '../../actions/support/deployment.ts';
import { serveToAll } from '../../actions/support/histories.ts';
import { runPlan } from '../../actions/support/run-plan.ts';
import { append, useAttackedLedger } from './support/ledger-writer.ts';

const { begin, clone, keys, openLedger, remote } = useAttackedLedger();
const CONFIG = `version: 1
model: mnist
tracking: { uri: "http://mlflow.test" }
data: { holdout: { path: h.npz, target: y } }
gate: [{ metric: accuracy, floor: 0.9 }]
environments: { production: { hosts: ["http://serve-1:9443"] } }
`;

function comment(body: string): unknown {
  const user = { login: 'ann', type: 'User' };
  return {
    action: 'created',
    issue: { number: 7, pull_request: {} },
    comment: { id: 55, body, created_at: new Date().toISOString(), user },
    repository: { default_branch: 'main' },
  };
}

describe('/rollback on a ledger that holds a line nobody can read', () => {
  it('sets hosts back, and writes nothing behind that line', async () => {
    await append(
      openLedger({ keys }),
      ...[...versionEvents('1'), ...championEvents('1')],
      ...[...versionEvents('2'), ...championEvents('2', '1')],
    );
    const eve = await clone();
    const lines = await eve.read();
    await eve.commit([...lines, 'oops']);
    await eve.push();
    const warnings: string[] = [];
    const onWarning = (text: string) => warnings.push(text);
    const ledger = openLedger({ keys, purpose: 'take-back', onWarning });
    const world = createWorld([]);
    serveToAll(world, '2');
    const { request, ports } = world.job({ operation: 'rollback' });
    const linked = linkLedger(ledger, world.agents);
    const fleet = createFleet({
      ...{ agents: linked.agents, mayBeAway: 0, clock: world.clock, log: ports.log },
    });
    const outcome = await deploy({ request, ports: { ...ports, ledger: linked.ledger, fleet } });
    expect(outcome.reasonCode).toBe('rolled-back');
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
    expect(world.agents.map(({ traffic }) => traffic?.ledger)).toEqual([undefined, undefined]);
    expect(await (await clone()).read()).toEqual([...lines, 'oops']);
    expect(warnings.join('\n')).toMatch(/rollout\.rolled-back.* is not on record/);
  });
});

describe('plan, on a ledger that holds a line nobody can read', () => {
  it('hands a rollback on, says of a freeze that it has no room, and thaws nothing', async () => {
    await begin();
    const eve = await clone();
    await eve.commit([...(await eve.read()), 'oops']);
    await eve.push();
    const ask = (body: string) => runPlan({ config: CONFIG, payload: comment(body), remote: remote() });
    const back = await ask('/rollback production');
    expect(back.outputs.get('reason-code'), back.log).toBe('planned');
    const freeze = await ask('/freeze production');
    expect(freeze.outputs.get('reason-code'), freeze.log).toBe('recorded');
    expect(freeze.comments.join()).toContain('This is not on record');
    const thaw = await ask('/unfreeze production');
    expect(thaw.outputs.get('decision'), thaw.log).toBe('failure');
    expect(thaw.log).toContain('is no event');
  });
});
