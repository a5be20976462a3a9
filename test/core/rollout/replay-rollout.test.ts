import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RolloutRecord, rolloutRecordSchema } from '../../../core/rollout/record/record.ts';
import { replayRollout } from '../../../core/rollout/record/replay.ts';
import { ROOT } from '../../../sandbox/checkout.ts';
import { driveRecorded, type Traffic } from './drive-recorded.ts';
import { arm, instant } from './observations.ts';

const SHARES = [0.01, 0.1, 0.5, 1];

/** 6,000 requests a minute; stable errors 0.5 %, the candidate's that times `factor` from stage `from` on. */
function traffic(factor: number, from = 0): Traffic {
  return (stage) => {
    const candidate = 6000 * (SHARES[stage] ?? 1);
    const rate = 0.005 * (stage >= from ? factor : 1);
    return {
      candidate: arm(candidate, { errors: Math.round(candidate * rate) }),
      stable: arm(6000 - candidate, { errors: Math.round((6000 - candidate) * 0.005) }),
    };
  };
}

const promoted = driveRecorded(traffic(1), 120);
const rolledBack = driveRecorded(traffic(4, 1), 120);

/** The record with its last event replaced. */
function rewriteEnd(
  record: RolloutRecord,
  change: (at: string) => RolloutRecord['events'][number],
): RolloutRecord {
  const last = record.events.at(-1);
  return { ...record, events: [...record.events.slice(0, -1), change(last?.at ?? '')] };
}

describe('deciding a past rollout again', () => {
  it('agrees with every step of a rollout that was promoted', () => {
    const replay = replayRollout(promoted);
    expect(replay.steps.map(({ happened }) => happened)).toEqual([
      'advance to stage 1',
      'advance to stage 2',
      'advance to stage 3',
      'promote',
    ]);
    expect(replay.steps.map(({ decided }) => decided)).toEqual(replay.steps.map(({ happened }) => happened));
    expect(replay.agrees).toBe(true);
  });

  it('agrees with a rollback, for the same reason', () => {
    const replay = replayRollout(rolledBack);
    expect(replay.steps.at(-1)).toMatchObject({ happened: 'rollback (errors-worse)', agreement: 'agrees' });
    expect(replay.agrees).toBe(true);
  });

  it('agrees after a trip through JSON, with the polls in any order', () => {
    const text = JSON.stringify({ ...rolledBack, observations: rolledBack.observations.toReversed() });
    expect(replayRollout(rolloutRecordSchema.parse(JSON.parse(text))).agrees).toBe(true);
  });

  it('differs when harm was promoted, or an equal candidate rolled back', () => {
    const end = promoted.events.at(-1);
    const bad = rolledBack.events.at(-1);
    if (end === undefined || bad === undefined) throw new Error('both records have an end');
    expect(replayRollout(rewriteEnd(rolledBack, (at) => ({ ...end, at }))).agrees).toBe(false);
    expect(replayRollout(rewriteEnd(promoted, (at) => ({ ...bad, at }))).agrees).toBe(false);
  });

  it('counts no time that a person held it for towards the deadline', () => {
    const HOUR = 3_600;
    const silent = driveRecorded(() => ({ candidate: arm(0), stable: arm(0) }), 10);
    const held = (hours: number): RolloutRecord => {
      const [start] = silent.events;
      if (start === undefined) throw new Error('the record has a start');
      const here = { rollout: silent.rollout, environment: 'production' };
      const common = ({ v, model, actor, cause, workflow }: typeof start, hour: number) => ({
        ...{ v, model, actor, cause, workflow, id: `at-${hour}`, at: instant(hour * HOUR) },
      });
      const wait = { ...here, explanation: '' };
      return {
        ...silent,
        events: [
          ...silent.events,
          { ...common(start, 1), kind: 'rollout.held', data: { ...wait, code: 'held' } },
          { ...common(start, 1 + hours), kind: 'rollout.resumed', data: here },
          { ...common(start, 7), kind: 'rollout.held', data: { ...wait, code: 'deadline-passed' } },
        ],
      };
    };
    expect(replayRollout(held(0.5))).toMatchObject({ agrees: true });
    expect(replayRollout(held(2)).steps.at(-1)).toMatchObject({ decided: 'continue', agreement: 'differs' });
  });

  it('has nothing to say about what a person did', () => {
    const bad = rolledBack.events.at(-1);
    if (bad?.kind !== 'rollout.rolled-back') throw new Error('the record ends with a rollback');
    const byHand = rewriteEnd(promoted, (at) => ({ ...bad, at, data: { ...bad.data, code: 'requested' } }));
    const replay = replayRollout(byHand);
    expect(replay.steps.at(-1)).toMatchObject({ agreement: 'other' });
    expect(replay.agrees).toBe(true);
  });
});

describe('the replay command', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'replay-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function replay(name: string, content: string) {
    const file = join(folder, name);
    await writeFile(file, content);
    const node = join(ROOT, 'node_modules', '.bin', 'node');
    return promisify(execFile)(node, [join(ROOT, 'cli', 'main.ts'), 'replay', file], {
      timeout: 30_000,
    }).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      (failed: { code: number; stdout: string; stderr: string }) => failed,
    );
  }

  it('reports a record and exits with 0 when it agrees', async () => {
    const { code, stdout } = await replay('good.json', JSON.stringify(rolledBack));
    expect(code).toBe(0);
    expect(stdout).toContain('agrees');
    expect(stdout).toMatch(/Rolled back at 10% after \d+ min/);
    expect(stdout).toMatch(/Highest by stage: 1% [\d.,]+:1 in \d+ polls?, 10% /);
    // A terminal draws no chart.
    expect(stdout).not.toContain('xychart');
  });

  it('exits with 1 when it differs and when the file is no record, which it says', async () => {
    const end = promoted.events.at(-1);
    if (end === undefined) throw new Error('the record has an end');
    const wrong = rewriteEnd(rolledBack, (at) => ({ ...end, at }));
    const differing = await replay('wrong.json', JSON.stringify(wrong));
    expect(differing.code).toBe(1);
    expect(differing.stdout).toContain('DIFFERS');
    const broken = await replay('broken.json', '{"schema": "other"}');
    expect(broken).toMatchObject({ code: 1 });
    expect(broken.stderr).toContain('is no rollout record');
  });
});
