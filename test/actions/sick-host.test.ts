import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { ServiceError } from '../../core/errors.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import {
  championEvents,
  createWorld,
  judgedAgainst,
  versionEvents,
  type World,
} from './support/deployment.ts';
import { serveToAll } from './support/histories.ts';
import { showReport } from './support/show-report.ts';

const SICK = 'http://serve-2:9443';

/** How hosts answer that can't do their part. */
const ILLNESSES = [
  ['service-unavailable', 'The service answered 500: {"code":"internal"} (4 attempts).'],
  ['disk-full', 'The disk of this host has no room for it.'],
  ['unauthorized', 'The token is not known here.'],
  ['agent-answer-unknown', 'The agent answered something else than expected.'],
] as const;

/** Version 1 serves on both hosts; versions 2 and 3 were judged against it, and are packed. So many hosts may be away. */
function worldOf(maxUnavailable: number): World {
  const events = [
    ...versionEvents('1'),
    ...championEvents('1'),
    ...versionEvents('2'),
    ...versionEvents('3'),
    judgedAgainst('1', '3'),
  ];
  const world = createWorld(events, maxUnavailable);
  serveToAll(world, '1');
  return world;
}

/** From now on the second host answers, and takes no order. */
function fallIll(world: World, [code, message]: readonly [string, string] = ILLNESSES[0]): void {
  const sick = () =>
    new ServiceError({ code, message, remedy: 'Mend it.', where: { kind: 'endpoint', endpoint: SICK } });
  vi.spyOn(world.agents[1], 'setTraffic').mockRejectedValue(sick());
}

/** Does this once, as soon as the second host gives the candidate ten percent. */
function inFirstStage(world: World, work: () => void): void {
  let isDone = false;
  world.clock.onTick(() => {
    if (isDone || world.agents[1].traffic?.candidatePercent !== 10) return;
    isDone = true;
    work();
  });
}

async function production(world: World) {
  return environmentOf(await world.ledger.read('mnist'), 'production');
}

/** The hosts that the last rollback on record names. */
function namedIn(world: World): readonly string[] | undefined {
  const last = world.ledger.events.findLast(({ kind }) => kind === 'rollout.rolled-back');
  return last?.kind === 'rollout.rolled-back' ? last.data.away : undefined;
}

describe.each(ILLNESSES)('a host that answers, and refuses (%s),', (...illness) => {
  test('keeps no harmful version from being taken back, and is named in result, report and ledger', async () => {
    const world = worldOf(1);
    inFirstStage(world, () => {
      fallIll(world, illness);
      for (const agent of world.agents) agent.behaviour.candidateErrors = 0.5;
    });
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'errors-worse', away: [SICK] });
    expect(showReport(outcome.report)).toContain(illness[1]);
    expect(namedIn(world)).toEqual([SICK]);
    expect(world.agents[0].traffic).toMatchObject({ stable: '1', candidatePercent: 0 });
    expect((await production(world)).rollout).toBeUndefined();
  });

  test('keeps no person from taking a version back, nor the next from being deployed', async () => {
    const world = worldOf(1);
    await deploy(world.job({ version: '2' }, { detach: true }));
    fallIll(world, illness);
    const back = await deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
    expect(back.result).toMatchObject({ outcome: 'rolled-back', away: [SICK] });
    expect((await production(world)).rollout).toBeUndefined();
    const next = await deploy(world.job({ version: '3', correlationId: 'comment-3' }));
    expect(next.result).toMatchObject({ outcome: 'promoted', away: [SICK] });
    expect(world.agents[0].traffic?.stable).toBe('3');
  });

  test('keeps no person from returning to the version before', async () => {
    const world = worldOf(0);
    await deploy(world.job({ version: '2' }));
    fallIll(world, illness);
    const outcome = await deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
    expect(outcome.result).toMatchObject({ servingVersion: '1', away: [SICK] });
    expect((await production(world)).champion?.version).toBe('1');
    expect(world.agents[0].traffic?.stable).toBe('1');
  });

  test('holds a rollout that may do without no host, and it is never promoted', async () => {
    const world = worldOf(0);
    inFirstStage(world, () => fallIll(world, illness));
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'deadline-passed', away: [SICK] });
    expect((await production(world)).champion?.version).toBe('1');
  });
});

test.each([
  ['held for it', 0, /1 of 2 hosts.*serve-2.*none may be away.*500/],
  ['promoted without it where it may be away', 1, undefined],
])('a version that a person promotes past a host that refuses is %s', async (_, mayBeAway, refusal) => {
  const world = worldOf(mayBeAway);
  await deploy(world.job({ version: '2' }, { detach: true }));
  fallIll(world);
  const asked = deploy(world.job({ operation: 'promote', correlationId: 'comment-2' }));
  if (refusal === undefined) {
    expect((await asked).result).toMatchObject({ outcome: 'promoted', away: [SICK] });
    return;
  }
  await expect(asked).rejects.toThrow(refusal);
  expect((await production(world)).champion?.version).toBe('1');
  expect((await production(world)).rollout?.version).toBe('2');
});

test('a version that one host can’t start again is returned to on the others', async () => {
  const world = worldOf(0);
  await deploy(world.job({ version: '2' }));
  for (const agent of world.agents) agent.instances.delete('1');
  world.agents[1].failsWith = 'load-failed';
  const outcome = await deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
  expect(outcome.result).toMatchObject({ servingVersion: '1', away: [SICK] });
  expect(showReport(outcome.report)).toContain('it does not load');
  expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '2']);
});

test('a rollback is told to a host that was left out before, if it obeys again', async () => {
  const world = worldOf(1);
  await deploy(world.job({ version: '2' }, { detach: true }));
  const [, sick] = world.agents;
  vi.spyOn(sick, 'observations').mockRejectedValue(
    new ServiceError({
      code: 'service-unavailable',
      message: '',
      remedy: '',
      where: { kind: 'endpoint', endpoint: SICK },
    }),
  );
  world.agents[0].behaviour.candidateErrors = 0.5;
  const outcome = await deploy(world.job({ operation: 'advance', correlationId: 'report-1' }));
  expect(outcome.result).toMatchObject({ outcome: 'rolled-back' });
  expect(outcome.result['away']).toBeUndefined();
  expect(sick.traffic).toMatchObject({ stable: '1', candidatePercent: 0 });
});
