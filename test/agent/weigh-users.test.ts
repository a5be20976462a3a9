import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createUserLog, type UserRequest, userLogFile } from '../../agent/envoy/user-log.ts';
import { createUserScales } from '../../agent/traffic/weigh-users.ts';

const asked = (
  user: string,
  outcome: UserRequest['outcome'] = 'answered',
  milliseconds = 10,
): UserRequest => ({
  model: 'mnist',
  ...{ user, outcome, milliseconds },
});

describe('what is known of users', () => {
  test('belongs to one rollout of one model, and says how many requests count as one', () => {
    const scales = createUserScales();
    const first = [...Array.from({ length: 20 }, () => asked('ann', 'error')), asked('bob'), asked('cy')];
    scales.add(first, () => 'r1');
    expect(scales.weigh('mnist', 'r1')).toMatchObject({ heaviest: 20, refused: 1 });
    expect(scales.weigh('mnist', 'r1')?.errors).toBeGreaterThan(1.5);
    expect(scales.weigh('mnist', 'r2')).toBeUndefined();
    expect(scales.weigh('other', 'r1')).toBeUndefined();
    scales.add([asked('ann')], () => 'r2');
    expect(scales.weigh('mnist', 'r2')).toMatchObject({ heaviest: 1 });
  });

  test('is nothing while no rollout is under way', () => {
    const scales = createUserScales();
    scales.add([asked('ann')], () => undefined);
    expect(scales.weigh('mnist', '')).toBeUndefined();
  });

  test('tells who is slow from who is not, by what came first', () => {
    const scales = createUserScales();
    const usual = Array.from({ length: 100 }, (_, index) =>
      asked(`user-${index}`, 'answered', 10 + index / 100),
    );
    scales.add([...usual, ...Array.from({ length: 30 }, () => asked('ann', 'answered', 900))], () => 'r');
    expect(scales.weigh('mnist', 'r')?.slow).toBeGreaterThan(10);
    expect(scales.weigh('mnist', 'r')?.errors).toBe(1);
  });
});

describe('the log of users', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ty-users-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const line = (over: object) =>
    `${JSON.stringify({ user: 'ann', cluster: 'mnist@7', status: 200, flags: '-', milliseconds: 3, ...over })}\n`;

  test('is read from where it was left, in whole lines', () => {
    writeFileSync(userLogFile(folder), line({ user: 'long ago' }));
    const read = createUserLog(folder);
    expect(read()).toEqual([]);
    appendFileSync(userLogFile(folder), line({}) + line({ status: 0, flags: 'DC' }).slice(0, 20));
    expect(read()).toEqual([asked('ann', 'answered', 3)]);
    appendFileSync(userLogFile(folder), line({ status: 0, flags: 'DC' }).slice(20));
    expect(read()).toEqual([asked('ann', 'error', 3)]);
    appendFileSync(
      userLogFile(folder),
      line({ status: 429, flags: 'UO' }) +
        line({ cluster: 'mnist@7-pinned' }) +
        line({ cluster: null }) +
        'noise\n',
    );
    expect(read()).toEqual([asked('ann', 'error', 3)]);
  });

  test('is emptied when it has grown, and loses nothing by that', () => {
    const read = createUserLog(folder);
    const many = line({ user: 'x'.repeat(1_000) }).repeat(9_000);
    writeFileSync(userLogFile(folder), many);
    expect(read()).toHaveLength(9_000);
    expect(statSync(userLogFile(folder)).size).toBe(0);
    appendFileSync(userLogFile(folder), line({}));
    expect(read()).toEqual([asked('ann', 'answered', 3)]);
  });
});
