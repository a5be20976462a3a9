import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import {
  championEvents,
  createWorld,
  judgedAgainst,
  versionEvents,
  type World,
} from './support/deployment.ts';
import { createHistory } from './support/histories.ts';

/** A rollout of version 3 that its job left in the first stage. */
async function withOpenRollout(): Promise<World> {
  const world = createHistory();
  await deploy(world.job({ version: '3' }, { detach: true }));
  return world;
}

async function production(world: World) {
  return environmentOf(await world.ledger.read('mnist'), 'production');
}

describe('/rollback', () => {
  test('ends an open rollout and leaves the champion', async () => {
    const world = await withOpenRollout();
    const outcome = await deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
    expect(outcome.outputs).toEqual({ outcome: 'rolled-back', 'serving-version': '2' });
    expect((await production(world)).rollout).toBeUndefined();
    expect(world.agents[0].traffic).toMatchObject({ stable: '2', candidatePercent: 0 });
  });

  test('without a rollout returns to the version before', async () => {
    const world = createHistory();
    const outcome = await deploy(world.job({ operation: 'rollback' }));
    expect(outcome.outputs['serving-version']).toBe('1');
    expect((await production(world)).champion?.version).toBe('1');
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
    expect(world.tracking.aliases.get('champion')).toBe('1');
  });

  test('returns to a named version, which is started first where it does not run', async () => {
    const world = createHistory();
    const outcome = await deploy(world.job({ operation: 'rollback', version: '1' }));
    expect(outcome.outputs['serving-version']).toBe('1');
    expect(world.agents[1].instances.get('1')?.state).toBe('ready');
  });

  test.each([undefined, '1'])(
    'asked once acts once, however often its job runs (version %s)',
    async (version) => {
      const world = createHistory();
      const wish = { operation: 'rollback' as const, ...(version !== undefined && { version }) };
      await deploy(world.job(wish));
      const events = world.ledger.events.length;
      const again = await deploy(world.job(wish));
      expect(again.outputs['serving-version']).toBe('1');
      expect(world.ledger.events).toHaveLength(events);
    },
  );

  test('that ended a rollout does not take the champion back too when its job runs again', async () => {
    const world = await withOpenRollout();
    const wish = { operation: 'rollback' as const, correlationId: 'comment-2' };
    await deploy(world.job(wish));
    const again = await deploy(world.job(wish));
    expect(again.outputs['serving-version']).toBe('2');
    expect((await production(world)).champion?.version).toBe('2');
  });

  test('is refused where there is nothing to return to', async () => {
    const world = createWorld([...versionEvents('1'), ...championEvents('1')]);
    await expect(deploy(world.job({ operation: 'rollback' }))).rejects.toThrow(/no version to return to/);
  });

  test('leaves traffic alone when the version to return to starts nowhere', async () => {
    const world = createHistory();
    for (const agent of world.agents) agent.failsWith = 'load-failed';
    await expect(deploy(world.job({ operation: 'rollback' }))).rejects.toThrow(/did not become ready/);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['2', '2']);
  });
});

describe('/promote', () => {
  test('gives the candidate all traffic at once, and names who asked', async () => {
    const world = await withOpenRollout();
    const outcome = await deploy(
      world.job({ operation: 'promote', correlationId: 'comment-2', actor: 'bob' }),
    );
    expect(outcome.outputs).toEqual({ outcome: 'promoted', 'serving-version': '3' });
    expect((await production(world)).history.at(-1)?.explanation).toMatch(/^bob promoted it at 10 %/);
  });

  test('run again says that it is done', async () => {
    const world = await withOpenRollout();
    const wish = { operation: 'promote' as const, correlationId: 'comment-2' };
    await deploy(world.job(wish));
    expect((await deploy(world.job(wish))).reasonCode).toBe('promoted');
  });

  test('is refused without a rollout', async () => {
    await expect(deploy(createHistory().job({ operation: 'promote' }))).rejects.toThrow(/No rollout is open/);
  });
});

/** What was said of version 3, some time before version 4 was begun. */
async function withAnotherOpen(): Promise<{ readonly world: World; readonly saidAt: string }> {
  const world = await withOpenRollout();
  await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
  const saidAt = world.clock.now();
  await deploy(world.job({ operation: 'rollback', correlationId: 'comment-3' }));
  await world.clock.wait(3_600_000);
  world.ledger.events.push(...versionEvents('4'), judgedAgainst('2', '4'));
  await deploy(world.job({ version: '4', correlationId: 'comment-4' }, { detach: true }));
  await deploy(world.job({ operation: 'hold', correlationId: 'comment-5', actor: 'bob' }));
  return { world, saidAt };
}

describe('a word on a rollout that is over', () => {
  test.each(['promote', 'resume'] as const)('%s does nothing to the one open now', async (operation) => {
    const { world, saidAt } = await withAnotherOpen();
    const before = await production(world);
    const late = { operation, correlationId: 'comment-6', word: { at: saidAt, namesVersion: false } };
    const refusal = /^This was said of another rollout than the one open now \(version 4\)/;
    await expect(deploy(world.job(late))).rejects.toThrow(refusal);
    await expect(deploy(world.job({ ...late, version: '3' }))).rejects.toThrow(refusal);
    const named = { operation, correlationId: 'comment-7', version: '3' };
    await expect(deploy(world.job(named))).rejects.toThrow(refusal);
    expect(await production(world)).toEqual(before);
  });

  test('resume undoes no hold that was placed after it was said', async () => {
    const world = await withOpenRollout();
    await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    const word = { at: world.clock.now(), namesVersion: false };
    const resume = { operation: 'resume', correlationId: 'comment-3', word } as const;
    await deploy(world.job(resume, { detach: true }));
    await world.clock.wait(60_000);
    await deploy(world.job({ operation: 'hold', correlationId: 'comment-4', actor: 'bob' }));
    await expect(deploy(world.job(resume))).rejects.toThrow(/^bob held it at .*, after this was said/);
    expect((await production(world)).rollout?.held?.actor).toBe('bob');
  });
});

describe('/hold and /resume', () => {
  test('hold keeps the stage, frees the runner, and tells the agents', async () => {
    const world = await withOpenRollout();
    const outcome = await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    expect(outcome.reasonCode).toBe('held');
    expect((await production(world)).rollout?.percent).toBe(10);
    expect(world.agents[0].traffic?.lease).toMatchObject({ control: 'held', leaseSeconds: 1800 });
  });

  test('hold run again after a resume raises nothing, holds nothing, and says so', async () => {
    const world = await withOpenRollout();
    await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    await deploy(world.job({ operation: 'resume', correlationId: 'comment-3' }, { detach: true }));
    const before = (await production(world)).rollout;
    const events = world.ledger.events.length;
    const revisions = world.agents.map(({ traffic }) => traffic?.revision);
    for (let poll = 0; poll < 40; poll += 1) await world.clock.wait(15_000);
    const outcome = await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    expect(outcome.outputs).toEqual({ outcome: 'in-progress', 'serving-version': '2' });
    expect(outcome.headline).toContain('It was held before, and let go on since: nothing was changed.');
    expect((await production(world)).rollout).toEqual(before);
    expect(world.ledger.events).toHaveLength(events);
    expect(world.agents.map(({ traffic }) => traffic?.revision)).toEqual(revisions);
  });

  test('hold raises no host that shares less than the ledger says', async () => {
    const world = await withOpenRollout();
    const [behind, other] = world.agents;
    const { revision = 0 } = behind.traffic ?? {};
    behind.traffic = { stable: '2', candidatePercent: 0, shadow: false, revision };
    await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    expect(behind.traffic).toMatchObject({ candidatePercent: 0, revision });
    expect(other.traffic).toMatchObject({ candidatePercent: 10, lease: { control: 'held' } });
  });

  test('hold ends what a host has braked', async () => {
    const world = await withOpenRollout();
    const [agent] = world.agents;
    const brake = {
      ...{ rollout: (await production(world)).rollout?.id ?? '', version: '3', code: 'errors-worse' },
      ...{ explanation: 'It fails more often.', at: world.clock.now() },
    };
    agent.traffic = { stable: '2', candidatePercent: 0, shadow: false, revision: 9, brake };
    const outcome = await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    expect(outcome).toMatchObject({ reasonCode: 'rolled-back', result: { code: 'errors-worse' } });
  });

  test('a held rollout is still taken back on proof of harm', async () => {
    const world = await withOpenRollout();
    await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0.3;
    for (let poll = 0; poll < 10; poll += 1) await world.clock.wait(5_000);
    const outcome = await deploy(
      world.job({ operation: 'deploy', correlationId: 'comment-3', version: '3' }),
    );
    expect(outcome.result['code']).toBe('errors-worse');
  });

  test('resume goes on to the end', async () => {
    const world = await withOpenRollout();
    await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    const outcome = await deploy(world.job({ operation: 'resume', correlationId: 'comment-3' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(world.ledger.kinds()).toContain('rollout.resumed');
  });

  test('time on hold does not count towards the deadline, also after resume', async () => {
    const world = await withOpenRollout();
    await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    for (const agent of world.agents) agent.behaviour.requests = 0;
    await world.clock.wait(5 * 3_600_000);
    const { outputs } = await deploy(
      world.job({ operation: 'resume', correlationId: 'comment-3' }, { detach: true }),
    );
    expect(outputs.outcome).toBe('in-progress');
    await world.clock.wait(3_601_000);
    const late = await deploy(
      world.job({ operation: 'deploy', correlationId: 'comment-4', version: '3' }, { detach: true }),
    );
    expect(late.result['code']).toBe('deadline-passed');
  });
});
