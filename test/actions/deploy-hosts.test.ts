import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { ServiceError } from '../../core/errors.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { replayRollout } from '../../core/rollout/record/replay.ts';
import type { World } from './support/deployment.ts';
import { brakeAlone, createServing } from './support/histories.ts';
import { showReport } from './support/show-report.ts';

const CUT = 'http://serve-2:9443';

/** Runs `work` once, at the first tick at which the second host has this share. */
function whenShareIs(world: World, percent: number, work: () => void): void {
  let isDone = false;
  world.clock.onTick(() => {
    if (isDone || world.agents[1].traffic?.candidatePercent !== percent) return;
    isDone = true;
    work();
  });
}

/** Runs `work` after so many ticks from now. */
function inTicks(world: World, ticks: number, work: () => void): void {
  let left = ticks;
  world.clock.onTick(() => {
    left -= 1;
    if (left === 0) work();
  });
}

const find = <K extends LedgerEvent['kind']>(world: World, kind: K) =>
  world.ledger.events.filter((event): event is Extract<LedgerEvent, { kind: K }> => event.kind === kind);

function refusal(code: string, message: string): ServiceError {
  return new ServiceError({ code, message, remedy: '', where: { kind: 'endpoint', endpoint: CUT } });
}

async function production(world: World) {
  return environmentOf(await world.ledger.read('mnist'), 'production');
}

describe('a host that is down when a rollout starts', () => {
  test('is left out and named, as long as it may be away', async () => {
    const world = createServing(1);
    world.agents[1].reachable = false;
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(outcome.result['away']).toEqual([CUT]);
    expect(showReport(outcome.report)).toContain(`\`${CUT}\` has been out of reach`);
    expect(find(world, 'rollout.promoted').at(-1)?.data.away).toEqual([CUT]);
    expect(world.lines.filter((line) => line.includes(`${CUT} is out of reach`))).toHaveLength(1);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['2', '1']);
  });

  test('is an error before anything is on record, when it may not be away', async () => {
    const world = createServing(0);
    world.agents[1].reachable = false;
    const recorded = world.ledger.events.length;
    await expect(deploy(world.job({ version: '2' }))).rejects.toThrow(
      /1 of 2 hosts.*serve-2.*none may be away/,
    );
    expect(world.ledger.events).toHaveLength(recorded);
    expect(world.agents[0].trafficHistory).toEqual([]);
  });

  test('is told apart from one that refuses: that ends the job however many may be away', async () => {
    const world = createServing(1);
    vi.spyOn(world.agents[1], 'startInstance').mockRejectedValue(
      refusal('signature-missing', 'This host serves signed packages only.'),
    );
    await expect(deploy(world.job({ version: '2' }))).rejects.toThrow(/signed packages only/);
    expect(world.agents[0].trafficHistory).toEqual([]);
  });
});

describe('a host that lacks the stable version', () => {
  /** The second host is new in the list. */
  function worldWithNewHost(maxUnavailable: number): World {
    const world = createServing(maxUnavailable);
    world.agents[1].traffic = undefined;
    return world;
  }

  /** It can't start version 1. */
  function refuseStable(world: World): void {
    const [, host] = world.agents;
    const { startInstance } = host;
    vi.spyOn(host, 'startInstance').mockImplementation(async (model, version, request) => {
      host.failsWith = version === '1' ? 'start-failed' : undefined;
      return startInstance(model, version, request);
    });
  }

  test('is given it, and takes its share', async () => {
    const world = worldWithNewHost(0);
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(world.agents[1].trafficHistory.map(({ candidatePercent }) => candidatePercent)).toContain(10);
    expect(world.agents[1].seen.some(({ candidate }) => candidate.requests > 0)).toBe(true);
    expect(find(world, 'rollout.held')).toEqual([]);
  });

  test('and can’t start it holds the rollout where none may be away: it is never promoted, nor blamed', async () => {
    const world = worldWithNewHost(0);
    refuseStable(world);
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'deadline-passed', away: [CUT] });
    expect(showReport(outcome.report)).toContain('it does not load');
    expect(find(world, 'rollout.held').map(({ data }) => [data.code, data.away])).toEqual([
      ['hosts-away', [CUT]],
    ]);
  });

  test('and can’t start it is left out and named where it may be away', async () => {
    const world = worldWithNewHost(1);
    refuseStable(world);
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'promoted' });
    expect(find(world, 'rollout.promoted').at(-1)?.data.away).toEqual([CUT]);
  });

  test('and refuses the order does not count as taking part, however ready its candidate is', async () => {
    const world = createServing(0);
    const [, host] = world.agents;
    const { setTraffic } = host;
    vi.spyOn(host, 'setTraffic').mockImplementation(async (model, wanted, expected) => {
      if (wanted.lease === undefined) return setTraffic(model, wanted, expected);
      throw refusal('not-ready', 'Version 1 of mnist is unknown on this host.');
    });
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'deadline-passed' });
    expect(find(world, 'rollout.promoted')).toHaveLength(1);
  });
});

describe('a host that is cut off in the middle of a rollout', () => {
  test('leaves a gap in the evidence, and the others go on', async () => {
    const world = createServing(1);
    whenShareIs(world, 50, () => {
      world.agents[1].reachable = false;
    });
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('promoted');
    const [record] = world.kept.values();
    const stages = (host: string) =>
      new Set(record?.observations.filter((poll) => poll.host === host).map(({ stage }) => stage));
    expect([...stages('http://serve-1:9443')]).toEqual([0, 1, 2]);
    expect([...stages(CUT)]).toEqual([0]);
    expect(record && replayRollout(record).agrees).toBe(true);
  });

  test('holds traffic where it is when it may not be away, and lets go on when it is back', async () => {
    const world = createServing(0);
    whenShareIs(world, 10, () => {
      world.agents[1].reachable = false;
      inTicks(world, 5, () => {
        expect(world.agents[0].traffic?.candidatePercent).toBe(10);
        world.agents[1].reachable = true;
      });
    });
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(find(world, 'rollout.held').map(({ data }) => [data.code, data.away])).toEqual([
      ['hosts-away', [CUT]],
    ]);
    expect(find(world, 'rollout.resumed')).toHaveLength(1);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['2', '2']);
    const [record] = world.kept.values();
    expect(record && replayRollout(record).agrees).toBe(true);
  });

  test('ends the rollout by the deadline when it may not be away and stays so: it is never promoted', async () => {
    const world = createServing(0);
    whenShareIs(world, 50, () => {
      world.agents[1].reachable = false;
    });
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'deadline-passed', away: [CUT] });
    expect(world.agents[0].traffic).toMatchObject({ stable: '1', candidatePercent: 0 });
    expect(Math.max(...world.agents[0].trafficHistory.map((traffic) => traffic.candidatePercent))).toBe(50);
    const [record] = world.kept.values();
    expect(record && replayRollout(record).agrees).toBe(true);
  });

  test('gets the present share at the next contact, though its lease has run out and its candidate is gone', async () => {
    const world = createServing(1);
    const [, cut] = world.agents;
    for (const agent of world.agents) agent.behaviour.requests = 400;
    whenShareIs(world, 10, () => {
      cut.reachable = false;
      inTicks(world, 8, () => {
        brakeAlone(cut, { code: 'lease-expired', explanation: '', at: world.clock.now() });
        expect(cut.traffic?.brake).toBeDefined();
        cut.instances.delete('2');
        cut.reachable = true;
      });
    });
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(cut.trafficHistory.some(({ candidatePercent }) => candidatePercent === 50)).toBe(true);
    expect(cut.instances.get('2')?.state).toBe('ready');
    expect(cut.traffic?.stable).toBe('2');
    expect(outcome.result['away']).toBeUndefined();
  });
});

describe('a host that is away when a rollout is taken back', () => {
  /** The first host shows harm as soon as the second is cut off. */
  function cutAndHarm(world: World, then: () => void = () => undefined): void {
    whenShareIs(world, 10, () => {
      world.agents[1].reachable = false;
      world.agents[0].behaviour.candidateErrors = 0.2;
      then();
    });
  }

  test('stops nobody from taking it back, and is named', async () => {
    const world = createServing(1);
    cutAndHarm(world);
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'errors-worse', away: [CUT] });
    expect(find(world, 'rollout.rolled-back').at(-1)?.data.away).toEqual([CUT]);
    expect(world.agents[0].traffic).toMatchObject({ stable: '1', candidatePercent: 0 });
    expect((await production(world)).champion?.version).toBe('1');
  });

  test('is told when it comes back before its lease is over: the job waits for that', async () => {
    const world = createServing(1);
    world.ledger.afterAppend = (written) => {
      if (!written.some(({ kind }) => kind === 'rollout.rolled-back')) return;
      inTicks(world, 3, () => {
        world.agents[1].reachable = true;
      });
    };
    cutAndHarm(world);
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('rolled-back');
    expect(world.agents[1].traffic).toMatchObject({ stable: '1', candidatePercent: 0 });
    expect(world.agents[1].instances.has('2')).toBe(false);
  });

  test('is waited for no longer than its lease may last', async () => {
    const world = createServing(1);
    let takenBackAt = Number.NaN;
    world.ledger.afterAppend = (written) => {
      if (written.some(({ kind }) => kind === 'rollout.rolled-back'))
        takenBackAt = Date.parse(world.clock.now());
    };
    cutAndHarm(world);
    await deploy(world.job({ version: '2' }));
    const waited = (Date.parse(world.clock.now()) - takenBackAt) / 1_000;
    expect(waited).toBeGreaterThanOrEqual(80);
    expect(waited).toBeLessThanOrEqual(90);
  });

  test('keeps no person from returning to an earlier version', async () => {
    const world = createServing(0);
    await deploy(world.job({ version: '2' }));
    world.agents[1].reachable = false;
    const outcome = await deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
    expect(outcome.outputs['serving-version']).toBe('1');
    expect(outcome.result['away']).toEqual([CUT]);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '2']);
  });

  test('is an error when it is the last one and a person asks for another version', async () => {
    const world = createServing(1);
    await deploy(world.job({ version: '2' }));
    for (const agent of world.agents) agent.reachable = false;
    const asked = deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
    await expect(asked).rejects.toThrow(/No host can be reached/);
    expect((await production(world)).champion?.version).toBe('2');
  });
});

describe('too many hosts away', () => {
  test('leave a person’s word for a promotion undone', async () => {
    const world = createServing(0);
    await deploy(world.job({ version: '2' }, { detach: true }));
    world.agents[1].reachable = false;
    const asked = deploy(world.job({ operation: 'promote', correlationId: 'comment-2' }));
    await expect(asked).rejects.toThrow(/1 of 2 hosts/);
    expect((await production(world)).champion?.version).toBe('1');
  });
});

test('a host that was told that the rollout is over, by a job killed before it could write so, ends it', async () => {
  const world = createServing(0);
  await deploy(world.job({ version: '2' }, { detach: true }));
  const [first] = world.agents;
  const { setTraffic } = first;
  vi.spyOn(first, 'setTraffic').mockImplementation(async (model, wanted, expected) => {
    if (wanted.lease === undefined) return setTraffic(model, wanted, expected);
    throw refusal('rollout-over', 'It has ended on this host.');
  });
  const outcome = await deploy(world.job({ operation: 'advance', correlationId: 'report-1' }));
  expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'rollout-over' });
  expect(world.agents.map(({ traffic }) => traffic?.candidatePercent)).toEqual([0, 0]);
});

test('a job that slept while another took the version back gives it no more traffic', async () => {
  const world = createServing(0);
  const [first] = world.agents;
  const { observations } = first;
  let givenAfter: readonly number[] | undefined;
  vi.spyOn(first, 'observations').mockImplementation(async (model, rollout, after) => {
    if (givenAfter === undefined && first.traffic?.candidatePercent === 10) {
      await world.clock.wait(600_000);
      const { instances } = first;
      const kept = new Map(instances);
      await deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
      // Its instance is still draining: nothing but the ledger stands in the way.
      for (const [version, instance] of kept) instances.set(version, instance);
      givenAfter = [];
      const { setTraffic } = first;
      vi.spyOn(first, 'setTraffic').mockImplementation((name, wanted, expected) => {
        givenAfter = [...(givenAfter ?? []), wanted.candidatePercent];
        return setTraffic(name, wanted, expected);
      });
    }
    return observations(model, rollout, after);
  });
  const outcome = await deploy(world.job({ version: '2' }));
  expect(outcome.reasonCode).toBe('rolled-back');
  expect(givenAfter?.every((percent) => percent === 0)).toBe(true);
});
