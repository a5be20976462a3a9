import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { decideRollout } from '../../core/rollout/decide-rollout.ts';
import { addObservation, startEvidence } from '../../core/rollout/evidence/evidence.ts';
import { rolloutRecordSchema } from '../../core/rollout/record/record.ts';
import { type Replay, replayRollout } from '../../core/rollout/record/replay.ts';
import { createWorld, versionEvents, type World } from './support/deployment.ts';
import { brakeAlone, createServing } from './support/histories.ts';
import type { MemoryAgent } from './support/memory-agent.ts';

/** Runs deploys that leave after each step until one ends the rollout; between them time passes. */
async function deployDetached(world: World): Promise<void> {
  for (let run = 0; run < 40; run += 1) {
    const { outputs } = await deploy(world.job({ version: '2' }, { detach: true }));
    if (outputs.outcome === 'promoted' || outputs.outcome === 'rolled-back') return;
    await world.clock.wait(20_000);
  }
}

/** The one record that was kept, through JSON as it is stored, decided again. */
function replayKept(world: World): Replay {
  const records = [...world.kept.values()];
  expect(records).toHaveLength(1);
  return replayRollout(rolloutRecordSchema.parse(JSON.parse(JSON.stringify(records[0]))));
}

const told = ({ steps }: Replay) => steps.map(({ happened, agreement }) => `${happened}: ${agreement}`);

/** Like the agent itself: judges what this host alone has seen, at every tick, and brakes on proof of harm. */
function brakeByItself(world: World, agent: MemoryAgent): void {
  world.clock.onTick(() => {
    const { traffic } = agent;
    if (traffic?.lease === undefined || traffic.brake !== undefined) return;
    const { lease } = traffic;
    const evidence = agent.seen.reduce(addObservation, startEvidence(lease.plan));
    const decision = decideRollout({ ...lease, evidence, now: world.clock.now() });
    if (decision.kind !== 'rollback') return;
    const { code, explanation } = decision;
    brakeAlone(agent, { code, explanation, at: world.clock.now() });
  });
}

describe('the record that deploy keeps is decided again as it happened', () => {
  test('when there was no version before to compare with', async () => {
    const world = createWorld(versionEvents('1'));
    await deploy(world.job({ version: '1' }));
    const replay = replayKept(world);
    expect(told(replay)).toEqual(['promote: other']);
    expect(replay.agrees).toBe(true);
  });

  test('when harm was proven', async () => {
    const world = createServing();
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0.02;
    await deploy(world.job({ version: '2' }));
    const replay = replayKept(world);
    expect(told(replay)).toEqual(['rollback (errors-worse): agrees']);
  });

  test('when no traffic came until the deadline', async () => {
    const world = createServing();
    for (const agent of world.agents) agent.behaviour.requests = 0;
    await deploy(world.job({ version: '2' }));
    expect(told(replayKept(world))).toEqual([
      'hold (deadline-passed): agrees',
      'rollback (deadline-passed): agrees',
    ]);
  });

  test('when many jobs took part', async () => {
    const world = createServing();
    await deployDetached(world);
    expect(told(replayKept(world))).toEqual([
      'advance to stage 1: agrees',
      'advance to stage 2: agrees',
      'promote: agrees',
    ]);
  });

  test('when a person held it for longer than its deadline, and let it go on', async () => {
    const world = createServing();
    await deploy(world.job({ version: '2' }, { detach: true }));
    for (const agent of world.agents) agent.behaviour.requests = 0;
    await deploy(world.job({ operation: 'hold', correlationId: 'comment-2' }));
    await world.clock.wait(5 * 3_600_000);
    await deploy(world.job({ operation: 'resume', correlationId: 'comment-3' }));
    expect(told(replayKept(world))).toEqual([
      'hold (held): other',
      'hold (deadline-passed): agrees',
      'rollback (deadline-passed): agrees',
    ]);
  });

  test('when one host braked on what it alone had seen', async () => {
    const world = createServing();
    const [fine, harmed] = world.agents;
    Object.assign(harmed.behaviour, { requests: 400, candidateErrors: 0.3 });
    Object.assign(fine.behaviour, { requests: 400_000, stableErrors: 0.01, candidateErrors: 0.005 });
    brakeByItself(world, harmed);
    await deploy(world.job({ version: '2' }));
    const replay = replayKept(world);
    expect(told(replay).at(-1)).toBe('rollback (errors-worse): agrees');
    expect(replay.agrees).toBe(true);
  });

  test.each(['promote', 'rollback'] as const)('when a person asked for the end by /%s', async (operation) => {
    const world = createServing();
    await deploy(world.job({ version: '2' }, { detach: true }));
    await world.clock.wait(20_000);
    await deploy(world.job({ operation, correlationId: 'comment-2' }));
    const replay = replayKept(world);
    expect(told(replay).at(-1)).toMatch(/: other$/);
    expect(replay.agrees).toBe(true);
    expect([...world.kept.values()][0]?.observations.length).toBeGreaterThan(0);
  });
});
