import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import { referenceProfileSchema } from '../../../core/drift/profile.ts';
import { captureWindowSchema } from '../../../core/drift/window.ts';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';
import { hostIdOf } from '../../fixtures/host-id-of.ts';

const FOLDER = join(import.meta.dirname, 'fixtures');
const FIXTURE = join(FOLDER, 'loans-profile.json');
const DAY = { from: '2026-03-02T00:00:00Z', to: '2026-03-03T00:00:00Z' };

const fixtureSchema = z.strictObject({
  profile: referenceProfileSchema,
  live: z.record(
    z.string(),
    captureWindowSchema.pick({ n: true, invalid: true, refused: true, features: true, prediction: true }),
  ),
  indices: z.record(z.string(), z.record(z.string(), z.number())),
  usualReach: z.record(z.string(), z.number()),
});

const fixture = fixtureSchema.parse(JSON.parse(await readFile(FIXTURE, 'utf8')));

function windowFrom(name: string) {
  return captureWindowSchema.parse({
    schema: 'trainyard.window/1',
    hostId: hostIdOf('serve-1'),
    host: 'serve-1',
    model: 'loans',
    version: '3',
    seq: 1,
    ...DAY,
    ...fixture.live[name],
  });
}

function judge(name: string) {
  return judgeDrift(fixture.profile, [windowFrom(name)], DEFAULT_DRIFT_OPTIONS);
}

describe('a profile written by the Python runtime', () => {
  it('gives the same stability indices here as NumPy gives there', () => {
    for (const [name, indices] of Object.entries(fixture.indices)) {
      const judged = judge(name).features;
      expect(judged).toHaveLength(7);
      for (const { name: feature, last } of judged) {
        expect(last?.index).toBeCloseTo(indices[feature] ?? Number.NaN, 12);
      }
    }
  });

  it('shows no skew for rows like the reference, and the shifted features for others', () => {
    const { features, reasons } = judge('shifted');
    expect(judge('same').features.every(({ alarm }) => alarm === undefined)).toBe(true);
    expect(reasons.map(({ metric }) => metric)).toEqual(['income', 'prediction']);
    const shifted = features.filter(({ alarm }) => alarm?.kind === 'skew').map(({ name }) => name);
    expect(shifted.filter((name) => !name.startsWith('together/'))).toEqual(['income', 'prediction']);
  });

  it('shows nothing for the very same rows from a client that keeps them in single precision', () => {
    const window = windowFrom('single-precision');
    for (const { last } of judge('single-precision').features) expect(last?.index).toBeLessThan(0);
    expect(judgeFastLane(fixture.profile, [window], DEFAULT_FAST_LANE_OPTIONS).findings).toEqual([]);
  });

  it('teaches what usual days reach, the same here as there, so that nothing has to be learnt in the first days', () => {
    const { features } = judge('same');
    for (const [name, reach] of Object.entries(fixture.usualReach)) {
      const judged = features.find((feature) => feature.name === name);
      expect(judged?.usualReach).toBeCloseTo(reach, 12);
      expect(judged?.isWarmingUp).toBe(false);
    }
    expect(Object.keys(fixture.usualReach)).toEqual(['income', 'prediction']);
  });

  it('counts each of the newest four weeks in the bins of the whole', () => {
    const { features, prediction } = fixture.profile;
    for (const { blocks = [], counts } of [...features, prediction]) {
      expect(blocks).toHaveLength(28);
      expect(blocks.every((block) => block.length === counts.length)).toBe(true);
      const perDay = blocks.map((block) => block.reduce((sum, count) => sum + count, 0));
      expect(Math.max(...perDay)).toBeLessThanOrEqual(144);
    }
    const { income } = Object.fromEntries(features.map((feature) => [feature.name, feature]));
    expect(income?.blocks?.flat().reduce((sum, count) => sum + count, 0)).toBe(27 * 144 + 48);
  });

  it('keeps rows in the bins its reader expects: missing in none, unseen categories last', () => {
    const { income, town } = fixture.live['shifted']?.features ?? {};
    const sum = (counts: readonly number[] = []) => counts.reduce((total, count) => total + count, 0);
    expect(income?.missing).toBe(30);
    expect(sum(income?.counts)).toBe(12_000 - 30);
    expect(town?.unseen).toBe(60);
    expect(town?.counts.at(-1)).toBe(60);
  });

  it.runIf(existsSync(venvProgram('python')))('is still what the runtime writes', async () => {
    const script = join(FOLDER, 'make_profile_fixture.py');
    const env = { ...process.env, PYTHONPATH: join(ROOT, 'runtime') };
    const { stdout } = await promisify(execFile)(venvProgram('python'), [script], {
      env,
      maxBuffer: 1 << 24,
      timeout: 50_000,
    });
    expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile(FIXTURE, 'utf8')));
  });
});
