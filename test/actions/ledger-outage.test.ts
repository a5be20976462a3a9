import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { LEDGER_UNREACHABLE, ServiceError } from '../../core/errors.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import type { World } from './support/deployment.ts';
import { brakeAlone, createServing } from './support/histories.ts';

/** The git host does not answer from when the candidate has this share until so many seconds later. */
function cutLedger(world: World, { percent, seconds }: { percent: number; seconds: number }) {
  let since: number | undefined;
  const now = () => Date.parse(world.clock.now());
  const { read, append } = world.ledger;
  const whenUp = () => {
    if (since === undefined || now() >= since + seconds * 1_000) return;
    throw new ServiceError({
      ...{ code: LEDGER_UNREACHABLE, message: 'The ledger can’t be reached: 503.', remedy: 'Wait.' },
      where: { kind: 'endpoint', endpoint: 'https://git.test' },
    });
  };
  world.clock.onTick(() => {
    if (world.agents[0].traffic?.candidatePercent === percent) since ??= now();
  });
  vi.spyOn(world.ledger, 'read').mockImplementation(async (model) => {
    whenUp();
    return read(model);
  });
  vi.spyOn(world.ledger, 'append').mockImplementation(async (model, propose) => {
    whenUp();
    return append(model, propose);
  });
  return { isDown: () => since !== undefined && now() < since + seconds * 1_000, downSince: () => since };
}

describe('a git host that does not answer during a rollout', () => {
  test('for some minutes ends no job: leases are renewed, and nothing is raised until it is back', async () => {
    const world = createServing();
    const { isDown } = cutLedger(world, { percent: 10, seconds: 300 });
    const given: number[] = [];
    const { setTraffic } = world.agents[0];
    vi.spyOn(world.agents[0], 'setTraffic').mockImplementation(async (model, wanted, expected) => {
      if (isDown()) given.push(wanted.candidatePercent);
      return setTraffic(model, wanted, expected);
    });
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(new Set(given)).toEqual(new Set([10]));
    expect(given.length).toBeGreaterThanOrEqual(29);
    expect(world.lines.filter((line) => line.includes('can’t be reached'))).toHaveLength(1);
  });

  test('for longer leaves the rollout to its leases, and says so', async () => {
    const world = createServing();
    const { downSince } = cutLedger(world, { percent: 10, seconds: 1e9 });
    await expect(deploy(world.job({ version: '2' }))).rejects.toThrow(/left to its leases/);
    const seconds = (Date.parse(world.clock.now()) - (downSince() ?? 0)) / 1_000;
    expect(seconds).toBeGreaterThanOrEqual(600);
    expect(seconds).toBeLessThan(660);
    expect(Math.max(...world.agents[0].trafficHistory.map((set) => set.candidatePercent))).toBe(10);
  });

  test('keeps no brake from taking the candidate off all hosts at once, and that is on record after', async () => {
    const world = createServing();
    const { isDown } = cutLedger(world, { percent: 50, seconds: 120 });
    let share: number | undefined;
    world.clock.onTick(() => {
      const [host, other] = world.agents;
      if (!isDown() || host.traffic?.lease === undefined) return;
      brakeAlone(host, { code: 'errors-worse', explanation: 'Harm.', at: world.clock.now() });
      world.clock.onTick(() => {
        if (isDown()) share = other.traffic?.candidatePercent;
      });
    });
    const outcome = await deploy(world.job({ version: '2' }));
    expect(share).toBe(0);
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'errors-worse' });
    expect(environmentOf(await world.ledger.read('mnist'), 'production').champion?.version).toBe('1');
  });
});
