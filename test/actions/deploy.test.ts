import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { createFleet } from '../../actions/deploy/hosts/fleet.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { replayRollout } from '../../core/rollout/record/replay.ts';
import { contextOf, createWorld, versionEvents, type World } from './support/deployment.ts';
import { brakeAlone, createServing } from './support/histories.ts';

async function production(world: World) {
  return environmentOf(await world.ledger.read('mnist'), 'production');
}

function percentages(world: World): readonly number[] {
  return [...new Set(world.agents[0].trafficHistory.map(({ candidatePercent }) => candidatePercent))];
}

describe('a rollout', () => {
  test('gives the first version all traffic once it is ready on every host', async () => {
    const world = createWorld(versionEvents('1'));
    const outcome = await deploy(world.job({ version: '1' }));
    expect(outcome.outputs).toEqual({ outcome: 'promoted', 'serving-version': '1' });
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
    expect(world.tracking.aliases.get('champion')).toBe('1');
  });

  test('takes a good candidate through its stages to all traffic', async () => {
    const world = createServing();
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(percentages(world)).toEqual([10, 50, 100, 0]);
    expect(world.ledger.kinds().slice(-6)).toEqual([
      'rollout.started',
      'rollout.advanced',
      'rollout.advanced',
      'rollout.advanced',
      'rollout.promoted',
      'lock.released',
    ]);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['2', '2']);
    expect(Object.fromEntries(world.tracking.aliases)).toEqual({ champion: '2', previous: '1' });
    expect(world.statuses.at(-1)?.[1]).toBe('success');
  });

  test('leaves a record from which the same decisions follow, and the next rollout learns', async () => {
    const world = createServing();
    await deploy(world.job({ version: '2' }));
    const [record] = world.kept.values();
    expect(record?.events.map(({ kind }) => kind)).toEqual([
      'rollout.started',
      'rollout.advanced',
      'rollout.advanced',
      'rollout.advanced',
      'rollout.promoted',
    ]);
    expect(record?.observations.length).toBeGreaterThan(0);
    expect(record && replayRollout(record).agrees).toBe(true);
  });

  test('keeps the version before running, to return to, and stops older ones', async () => {
    const world = createServing();
    const old = { model: 'mnist', package: 'p', state: 'ready' as const, since: world.clock.now() };
    for (const version of ['0', '1']) world.agents[0].instances.set(version, { ...old, version });
    await deploy(world.job({ version: '2' }));
    expect([...world.agents[0].instances.keys()].toSorted()).toEqual(['1', '2']);
  });

  test('is taken back on proof of harm on any host, and all traffic returns to the champion', async () => {
    const world = createServing();
    world.agents[1].behaviour.candidateErrors = 0.2;
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('rolled-back');
    expect(outcome.result['code']).toBe('errors-worse');
    expect(world.agents.map(({ traffic }) => traffic)).toMatchObject([
      { stable: '1', candidatePercent: 0 },
      { stable: '1', candidatePercent: 0 },
    ]);
    expect((await production(world)).champion?.version).toBe('1');
    expect(world.agents[0].instances.has('2')).toBe(false);
    expect(world.statuses.at(-1)?.[1]).toBe('failure');
  });

  test('waits for a host that has lost its model servers and starts the candidate again', async () => {
    const world = createServing();
    const [agent] = world.agents;
    const { setTraffic } = agent;
    let refusals = 0;
    const lossy = {
      ...agent,
      setTraffic: async (...[model, wanted, expected]: Parameters<typeof setTraffic>) => {
        const candidate = agent.instances.get('2');
        if (wanted.candidatePercent !== 50 || candidate === undefined || refusals === 2) {
          return setTraffic(model, wanted, expected);
        }
        refusals += 1;
        agent.instances.set('2', { ...candidate, state: 'starting' });
        return setTraffic(model, wanted, expected).finally(() => agent.instances.set('2', candidate));
      },
    };
    const job = world.job({ version: '2' });
    const fleet = createFleet({
      ...world,
      agents: [lossy, world.agents[1]],
      mayBeAway: 0,
      log: job.ports.log,
    });
    const outcome = await deploy({ ...job, ports: { ...job.ports, fleet } });
    expect(refusals).toBe(2);
    expect(outcome.reasonCode).toBe('promoted');
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['2', '2']);
  });

  test('is not begun again by a late report of an agent, once it has been taken back', async () => {
    const world = createServing();
    world.agents[1].behaviour.candidateErrors = 0.2;
    await deploy(world.job({ version: '2' }));
    const recorded = world.ledger.kinds().length;
    const late = await deploy(world.job({ operation: 'advance', correlationId: 'serve-1-brake-1' }));
    expect(late.reasonCode).toBe('nothing-to-do');
    expect(world.ledger.kinds()).toHaveLength(recorded);
    expect(world.agents.map(({ traffic }) => traffic?.candidatePercent)).toEqual([0, 0]);
  });

  test('ends everywhere when one agent has braked by itself', async () => {
    const world = createServing();
    const [braking] = world.agents;
    world.clock.onTick(() => {
      const { traffic } = braking;
      if (traffic?.lease === undefined || traffic.brake !== undefined) return;
      brakeAlone(braking, { code: 'candidate-failed', explanation: 'it crashed', at: world.clock.now() });
    });
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'candidate-failed' });
    expect(world.agents[1].traffic).toMatchObject({ stable: '1', candidatePercent: 0 });
  });

  test('that another job takes back in the middle ends as that job says', async () => {
    const world = createServing();
    world.ledger.afterAppend = (written) => {
      const advanced = written.find(({ kind }) => kind === 'rollout.advanced');
      if (advanced?.kind !== 'rollout.advanced' || advanced.data.stage !== 1) return;
      const { rollout, environment, version } = advanced.data;
      const ended = {
        rollout,
        environment,
        version,
        stable: '1',
        code: 'errors-worse',
        explanation: 'Harm.',
      };
      world.ledger.events.push(createEvent(contextOf('serve-1-brake-1'), 'rollout.rolled-back', ended));
      for (const { instances } of world.agents) instances.delete('2');
    };
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('rolled-back');
    expect(outcome.result).toMatchObject({ code: 'errors-worse', servingVersion: '1' });
    expect(world.agents.map(({ traffic }) => traffic)).toMatchObject([
      { stable: '1', candidatePercent: 0 },
      { stable: '1', candidatePercent: 0 },
    ]);
  });

  test('never gives traffic to a version that does not become ready', async () => {
    const world = createServing();
    world.agents[1].failsWith = 'load-failed';
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'load-failed' });
    expect(percentages(world)).toEqual([0]);
  });

  test('is refused for a version that did not pass its gate', async () => {
    const world = createWorld([...versionEvents('1'), ...versionEvents('3', 'fail')]);
    await expect(deploy(world.job({ version: '3' }))).rejects.toThrow(/no version 3/);
  });

  test('is refused while another one is open', async () => {
    const world = createServing();
    const controller = new AbortController();
    world.ledger.afterAppend = (written) => {
      if (written.some(({ kind }) => kind === 'rollout.advanced')) controller.abort();
    };
    await expect(deploy(world.job({ version: '2' }, { signal: controller.signal }))).rejects.toThrow();
    world.ledger.afterAppend = undefined;
    await expect(deploy(world.job({ version: '1', correlationId: 'comment-2' }))).rejects.toThrow(
      /Version 2 is being rolled out/,
    );
  });

  test('holds for lack of traffic at its deadline, and goes back when none comes', async () => {
    const world = createServing();
    for (const agent of world.agents) agent.behaviour.requests = 0;
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'deadline-passed' });
    expect(world.ledger.kinds().filter((kind) => kind === 'rollout.held')).toHaveLength(1);
  });

  test('loses the race for an event to another job, and decides again on what that one did', async () => {
    const world = createServing();
    const first = world.job({ version: '2' });
    world.ledger.race = () => {
      world.ledger.events.push(...versionEvents('9'));
    };
    expect((await deploy(first)).reasonCode).toBe('promoted');
    expect(new Set(world.ledger.events.map(({ id }) => id)).size).toBe(world.ledger.events.length);
  });
});

describe('a job that is killed', () => {
  const steps = ['rollout.started', 'rollout.advanced', 'rollout.promoted'] as const;

  test.each(steps)('right after %s is taken up by the next one, which finishes the rollout', async (kind) => {
    const world = createServing();
    const killed = new Error('killed');
    world.ledger.afterAppend = (written) => {
      if (written.some((event) => event.kind === kind)) throw killed;
    };
    await expect(deploy(world.job({ version: '2' }))).rejects.toBe(killed);
    world.ledger.afterAppend = undefined;
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['2', '2']);
    expect(world.tracking.aliases.get('champion')).toBe('2');
    expect(world.statuses.at(-1)?.[1]).toBe('success');
    const promotions = world.ledger.kinds().filter((one) => one === 'rollout.promoted');
    expect(promotions).toHaveLength(2);
    const [record] = [...world.kept.values()];
    expect(record?.events.at(-1)?.kind).toBe('rollout.promoted');
    expect(record?.observations.length).toBeGreaterThan(0);
  });

  test('while it rolls back leaves the candidate without traffic, and the next one records it', async () => {
    const world = createServing();
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0.2;
    const killed = new Error('killed');
    const { append } = world.ledger;
    const failing = {
      ...world.ledger,
      append: async (model: string, propose: Parameters<typeof append>[1]) => {
        const proposed = propose(await world.ledger.read(model));
        if (proposed.ok && proposed.value.some(({ kind }) => kind === 'rollout.rolled-back')) throw killed;
        return append(model, propose);
      },
    };
    const job = world.job({ version: '2' });
    await expect(deploy({ ...job, ports: { ...job.ports, ledger: failing } })).rejects.toBe(killed);
    expect(world.agents.map(({ traffic }) => traffic?.candidatePercent)).toEqual([0, 0]);
    expect((await deploy(world.job({ version: '2' }))).reasonCode).toBe('rolled-back');
  });

  test('by a cancellation stops at once, with traffic where the ledger says and a lease on it', async () => {
    const world = createServing();
    const controller = new AbortController();
    world.ledger.afterAppend = (written) => {
      if (written.some(({ kind }) => kind === 'rollout.advanced')) controller.abort();
    };
    const job = world.job({ version: '2' }, { signal: controller.signal });
    await expect(deploy(job)).rejects.toThrow(/abort/i);
    const open = (await production(world)).rollout;
    expect(world.agents.map(({ traffic }) => traffic?.candidatePercent)).toEqual([
      open?.percent,
      open?.percent,
    ]);
    expect(world.agents[0].traffic?.lease?.leaseSeconds).toBe(40);
  });
});

describe('running a finished deploy again', () => {
  test('changes nothing and says how it ended', async () => {
    const world = createServing();
    await deploy(world.job({ version: '2' }));
    const events = world.ledger.events.length;
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(world.ledger.events).toHaveLength(events);
  });
});

describe('a report that a rollout may go on', () => {
  test('takes up the one that is open, whichever version it is of', async () => {
    const world = createServing();
    await deploy(world.job({ version: '2' }, { detach: true }));
    const report = { operation: 'advance' as const, correlationId: 'report-1' };
    expect((await deploy(world.job(report))).reasonCode).toBe('promoted');
  });

  test('begins none when it comes late', async () => {
    const world = createServing();
    const events = world.ledger.events.length;
    const outcome = await deploy(world.job({ operation: 'advance', correlationId: 'report-1' }));
    expect(outcome.reasonCode).toBe('nothing-to-do');
    expect(world.ledger.events).toHaveLength(events);
  });
});

describe('with detach', () => {
  /** The first host loses its model servers just before the candidate gets traffic; its next start may fail. */
  function worldThatLosesCandidate(failsWith?: string): World {
    const world = createServing();
    const [agent] = world.agents;
    world.ledger.afterAppend = (written) => {
      const ready = agent.instances.get('2');
      if (!written.some(({ kind }) => kind === 'rollout.advanced') || ready === undefined) return;
      agent.instances.set('2', { ...ready, state: 'starting' });
      agent.failsWith = failsWith;
      world.ledger.afterAppend = undefined;
    };
    return world;
  }

  test('leaves no host behind without a lease: one that has lost the candidate gets it back first', async () => {
    const world = worldThatLosesCandidate();
    expect((await deploy(world.job({ version: '2' }, { detach: true }))).reasonCode).toBe('detached');
    expect(world.agents.map(({ traffic }) => [traffic?.candidate, traffic?.lease?.detached])).toEqual([
      ['2', true],
      ['2', true],
    ]);
  });

  test('takes a candidate back that a host lost and cannot start again', async () => {
    const world = worldThatLosesCandidate('crash-loop');
    const ended = await deploy(world.job({ version: '2' }, { detach: true }));
    expect(ended).toMatchObject({ reasonCode: 'rolled-back', result: { code: 'crash-loop' } });
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
  });

  test('each run does what can be done now and leaves; together they finish', async () => {
    const world = createServing();
    const outcomes: string[] = [];
    for (let run = 0; run < 40 && outcomes.at(-1) !== 'promoted'; run += 1) {
      outcomes.push((await deploy(world.job({ version: '2' }, { detach: true }))).reasonCode);
      await world.clock.wait(5_000);
    }
    expect(outcomes[0]).toBe('detached');
    // The agents must say when a stage is done, since no job looks; while one does, they need not.
    const leases = world.agents[0].trafficHistory.flatMap(({ lease }) =>
      lease === undefined ? [] : [lease],
    );
    expect(leases.at(0)?.detached).toBeUndefined();
    const detached = leases.filter((lease) => lease.detached === true);
    expect(detached.length).toBeGreaterThan(0);
    // A host that is cut off then has returned to the stable version, after two leases, by the rollout's deadline.
    const seconds = detached.map(({ leaseSeconds, plan }) => leaseSeconds / plan.deadlineSeconds);
    expect(Math.max(...seconds)).toBeLessThan(0.5);
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(0.25);
    expect(seconds).toEqual(seconds.toSorted((left, right) => right - left));
    expect(outcomes.at(-1)).toBe('promoted');
  });
});
