import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { takeBack } from '../../actions/deploy/hosts/take-back.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { contextOf, packageOf, type World } from './support/deployment.ts';
import { createServing } from './support/histories.ts';
import type { MemoryAgent } from './support/memory-agent.ts';

/** The same, and a rollout of version 2 that its job left at 100 %, with all the evidence that it needs. */
async function worldAtTheEnd(): Promise<World> {
  const world = createServing();
  for (let job = 0; (await production(world)).rollout?.percent !== 100; job += 1) {
    await deploy(world.job({ version: '2', correlationId: `job-${job}` }, { detach: true }));
    await world.clock.wait(15_000);
  }
  for (let poll = 0; poll < 20; poll += 1) await world.clock.wait(15_000);
  return world;
}

async function production(world: World) {
  return environmentOf(await world.ledger.read('mnist'), 'production');
}

/** The agent takes all traffic back by itself. */
function brake(agent: MemoryAgent, rollout: string, code = 'candidate-failed'): void {
  const { revision = 0 } = agent.traffic ?? {};
  const at = '2026-11-21T12:00:00.000Z';
  agent.traffic = {
    ...{ stable: '1', candidatePercent: 0, shadow: false, revision: revision + 1 },
    ...(agent.traffic?.lease && { lease: agent.traffic.lease }),
    brake: { rollout, version: '2', code, explanation: 'Version 2 is failed on this host.', at },
  };
}

async function idOf(world: World): Promise<string> {
  return (await production(world)).rollout?.id ?? '';
}

const report = { operation: 'advance', correlationId: 'serve-2-brake-1' } as const;
const servedBy = (world: World) => world.agents.map(({ traffic }) => traffic?.stable);

describe('a brake of one host', () => {
  test('ends the rollout that the job of its very report finds complete', async () => {
    const world = await worldAtTheEnd();
    brake(world.agents[1], await idOf(world));
    const outcome = await deploy(world.job(report));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'candidate-failed' });
    expect(servedBy(world)).toEqual(['1', '1']);
    expect((await production(world)).champion?.version).toBe('1');
  });

  test('is what it takes: without it that job promotes', async () => {
    const world = await worldAtTheEnd();
    const outcome = await deploy(world.job(report, { detach: true }));
    expect(outcome.reasonCode).toBe('promoted');
  });

  test('is not overridden by /promote: what a person asks for then ends the rollout', async () => {
    const world = await worldAtTheEnd();
    brake(world.agents[1], await idOf(world), 'errors-worse');
    const outcome = await deploy(world.job({ operation: 'promote', correlationId: 'comment-2' }));
    expect(outcome.outputs).toEqual({ outcome: 'rolled-back', 'serving-version': '1' });
    expect(outcome.headline).toMatch(/An agent braked: Version 2 is failed/);
    expect(servedBy(world)).toEqual(['1', '1']);
  });

  test('for lost contact alone keeps nobody from promoting', async () => {
    const world = await worldAtTheEnd();
    brake(world.agents[1], await idOf(world), 'lease-expired');
    const outcome = await deploy(world.job({ operation: 'promote', correlationId: 'comment-2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(servedBy(world)).toEqual(['2', '2']);
  });

  test('comes before the others are given more', async () => {
    const world = createServing();
    await deploy(world.job({ version: '2' }, { detach: true }));
    for (let poll = 0; poll < 20; poll += 1) await world.clock.wait(15_000);
    brake(world.agents[1], await idOf(world));
    const outcome = await deploy(world.job(report));
    expect(outcome.reasonCode).toBe('rolled-back');
    expect(Math.max(...world.agents[0].trafficHistory.map((one) => one.candidatePercent))).toBe(10);
    expect(world.ledger.kinds().filter((kind) => kind === 'rollout.advanced')).toHaveLength(1);
  });

  test('comes before a share is restored that the ledger has raised and no host has', async () => {
    const world = createServing();
    const killed = new Error('killed');
    world.ledger.afterAppend = (written) => {
      if (written.some((one) => one.kind === 'rollout.advanced' && one.data.percent === 50)) throw killed;
    };
    await expect(deploy(world.job({ version: '2' }))).rejects.toBe(killed);
    world.ledger.afterAppend = undefined;
    brake(world.agents[1], await idOf(world));
    expect((await deploy(world.job(report))).reasonCode).toBe('rolled-back');
    expect(Math.max(...world.agents[0].trafficHistory.map((one) => one.candidatePercent))).toBe(10);
  });

  test('that comes while the promotion is written takes the new champion back', async () => {
    const world = await worldAtTheEnd();
    const id = await idOf(world);
    world.ledger.afterAppend = (written) => {
      if (written.some(({ kind }) => kind === 'rollout.promoted')) brake(world.agents[1], id);
    };
    const outcome = await deploy(world.job(report));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'candidate-failed' });
    const { champion, history } = await production(world);
    expect(champion?.version).toBe('1');
    expect(history.map((one) => one.outcome).slice(-2)).toEqual(['promoted', 'rolled-back']);
    expect(servedBy(world)).toEqual(['1', '1']);
    expect(world.tracking.aliases.get('champion')).toBe('1');
    expect(world.statuses.at(-1)).toEqual([id, 'failure']);
  });

  test('of an earlier rollout ends the next one of that version, unless a person has named it since', async () => {
    const world = createServing();
    const at = world.clock.now();
    const [, host] = world.agents;
    const older = { rollout: 'older', version: '2', code: 'errors-worse', explanation: 'Half failed.', at };
    host.traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 1, braked: [older] };
    const word = { at, namesVersion: false };
    const outcome = await deploy(world.job({ version: '2', word, correlationId: 'push-1' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'errors-worse' });
    expect(Math.max(0, ...host.trafficHistory.map((one) => one.candidatePercent))).toBe(0);
    await world.clock.wait(1_000);
    const named = await deploy(world.job({ version: '2', correlationId: 'comment-9' }));
    expect(named.reasonCode).toBe('promoted');
  });

  test('takes the new champion back though a job that was late has taken all traffic back before', async () => {
    const world = await worldAtTheEnd();
    const id = await idOf(world);
    const { fleet } = world.job(report).ports;
    brake(world.agents[1], id);
    await takeBack(fleet, { model: 'mnist', rollout: id, stable: '1' });
    expect(world.agents[1].traffic).not.toHaveProperty('brake');
    const where = { rollout: id, environment: 'production', version: '2', package: packageOf('2') };
    world.ledger.events.push(
      createEvent({ ...contextOf('other'), at: world.clock.now() }, 'rollout.promoted', {
        ...where,
        explanation: 'x',
      }),
    );
    await deploy(world.job({ ...report, correlationId: 'late' }));
    expect((await production(world)).champion?.version).toBe('1');
    expect(servedBy(world)).toEqual(['1', '1']);
  });

  test('that comes while hosts are given to the new champion takes it back', async () => {
    const world = await worldAtTheEnd();
    const id = await idOf(world);
    const [first, second] = world.agents;
    const { setTraffic } = first;
    vi.spyOn(first, 'setTraffic').mockImplementation(async (model, wanted, expected) => {
      if (wanted.stable === '2' && second.traffic?.brake === undefined) brake(second, id);
      return setTraffic(model, wanted, expected);
    });
    const { setTraffic: slowly } = second;
    vi.spyOn(second, 'setTraffic').mockImplementation(async (model, wanted, expected) => {
      await new Promise((done) => setTimeout(done, 5));
      return slowly(model, wanted, expected);
    });
    const outcome = await deploy(world.job(report));
    expect(outcome.reasonCode).toBe('rolled-back');
    expect(servedBy(world)).toEqual(['1', '1']);
    expect((await production(world)).champion?.version).toBe('1');
  });

  test('that comes while the promoting job is killed is obeyed by the next one', async () => {
    const world = await worldAtTheEnd();
    const id = await idOf(world);
    const killed = new Error('killed');
    world.ledger.afterAppend = (written) => {
      if (written.some(({ kind }) => kind === 'rollout.promoted')) throw killed;
    };
    await expect(deploy(world.job(report))).rejects.toBe(killed);
    world.ledger.afterAppend = undefined;
    brake(world.agents[1], id);
    const next = await deploy(world.job({ version: '2', correlationId: 'job-0' }));
    expect(next.outputs).toEqual({ outcome: 'rolled-back', 'serving-version': '1' });
    expect(servedBy(world)).toEqual(['1', '1']);
  });
});

describe('a host that can’t be asked whether it has braked', () => {
  test('stands in the way of a promotion when it may not be away', async () => {
    const world = await worldAtTheEnd();
    const [, cut] = world.agents;
    const { observations } = cut;
    vi.spyOn(cut, 'observations').mockImplementation(async (...which) => {
      const seen = await observations(...which);
      cut.reachable = false;
      return seen;
    });
    const outcome = await deploy(world.job(report, { detach: true }));
    expect(outcome.result['code']).toBe('hosts-away');
    expect((await production(world)).champion?.version).toBe('1');
  });
});

test('a host that came back empty serves the champion before it starts the candidate', async () => {
  const world = await worldAtTheEnd();
  const [, host] = world.agents;
  host.instances.clear();
  host.traffic = undefined;
  const served: [string, string | undefined][] = [];
  const { startInstance } = host;
  vi.spyOn(host, 'startInstance').mockImplementation((model, version, start) => {
    served.push([version, host.traffic?.stable]);
    return startInstance(model, version, start);
  });
  await deploy(world.job(report));
  expect(served).toEqual([
    ['1', undefined],
    ['2', '1'],
  ]);
});

test('a host that came back empty gets the rollout before it is promoted', async () => {
  const world = await worldAtTheEnd();
  const [, host] = world.agents;
  host.instances.clear();
  host.traffic = undefined;
  let given: string | undefined;
  world.ledger.afterAppend = (written) => {
    if (written.some(({ kind }) => kind === 'rollout.promoted')) given = host.traffic?.candidate;
  };
  const outcome = await deploy(world.job(report));
  expect(outcome.reasonCode).toBe('promoted');
  expect(given).toBe('2');
});
