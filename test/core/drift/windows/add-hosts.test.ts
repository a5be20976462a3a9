import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../../../core/drift/judge-drift.ts';
import { buildCohorts } from '../../../../core/drift/labels/build-cohorts.ts';
import { findSilence } from '../../../../core/drift/silence.ts';
import type { CaptureWindow } from '../../../../core/drift/window.ts';
import { addHosts } from '../../../../core/drift/windows/add-hosts.ts';
import { addWindow } from '../../../../core/drift/windows/add-window.ts';
import { hostIdOf } from '../../../fixtures/host-id-of.ts';
import { FIRST_DAY, profileOf, windowOf } from '../drift-data.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const DAYS = 20;
const HOSTS = ['serve-1', 'serve-2', 'serve-3'];

const at = (ms: number) => new Date(FIRST_DAY + ms).toISOString();

function windowAt(
  host: string,
  { ms, minutes = 5, n = 20, moved = 0, missing = 0, bad = 0 }: Stretch,
): CaptureWindow {
  const window = windowOf(0, {
    host,
    seq: ms / MINUTE_MS,
    from: at(ms),
    to: at(ms + minutes * MINUTE_MS),
    n,
    moved,
  });
  return {
    ...window,
    prediction: { counts: [n, 0], confidence: [0, 0, n] },
    features: Object.fromEntries(
      Object.entries(window.features).map(([name, feature]) => [name, { ...feature, missing, above: bad }]),
    ),
    invalid: bad,
  };
}
type Stretch = {
  readonly ms: number;
  readonly minutes?: number;
  readonly n?: number;
  readonly moved?: number;
  readonly missing?: number;
  readonly bad?: number;
};

/** What a host has: a window for each day that is over, and for each five minutes of the last one. It began `lateMs` into the first day. */
function windowsOf(host: string, lateMs: number): readonly CaptureWindow[] {
  const days = Array.from({ length: DAYS }, (_, day) => {
    const moved = day > DAYS - 8 ? 0.08 : 0;
    const quarters = [0, 360, 720, 1_080].map((minutes) =>
      windowAt(host, { ms: day * DAY_MS + minutes * MINUTE_MS + lateMs, n: 500, moved }),
    );
    return quarters.reduce(addWindow);
  });
  const last = Array.from({ length: 200 }, (_, index) =>
    windowAt(host, {
      ...{ ms: DAYS * DAY_MS + 5 * index * MINUTE_MS + lateMs, moved: 0.1 },
      // Of one host's rows values are missing, of all the last answers are invalid.
      ...{ missing: host === 'serve-1' ? 4 : 0, bad: index > 150 ? 2 : 0 },
    }),
  );
  return [...days, ...last];
}

function judge(windows: readonly CaptureWindow[]) {
  const profile = profileOf(28);
  const until = at(DAYS * DAY_MS + 1_300 * MINUTE_MS);
  const counts = [{ day: at(0).slice(0, 10), bin: 2, labelled: 50, correct: 40 }];
  return {
    drift: judgeDrift(profile, windows, { ...DEFAULT_DRIFT_OPTIONS, until }),
    fast: judgeFastLane(profile, windows, { ...DEFAULT_FAST_LANE_OPTIONS, until }),
    silence: findSilence(windows, { version: '7', until }),
    cohorts: buildCohorts(windows, counts, 3),
  };
}

function addUp(
  hosts: readonly (readonly CaptureWindow[])[],
  cycleSeconds = 86_400,
): readonly CaptureWindow[] {
  const counts = addHosts(cycleSeconds);
  for (const windows of hosts) counts.add(windows);
  return counts.windows();
}

describe('the counts of many hosts, added up', () => {
  const hosts = HOSTS.map((host, index) => windowsOf(host, index * MINUTE_MS));

  test('are judged as all their windows are, and are as many as those of one host', () => {
    const judged = judge(addUp(hosts));
    expect(judged).toEqual(judge(hosts.flat()));
    expect(judged.drift.verdict).toBe('fail');
    expect(judged.silence?.code).toBe('zero-traffic');
    expect(judged.fast.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['missing-values', 'out-of-range', 'invalid-output', 'zero-traffic']),
    );
    expect(judged.cohorts[0]?.predicted[2]).toBe(6_000);
    expect(addUp(hosts).length).toBe(hosts[0]?.length);
  });

  test('count a host once that was reached under two addresses, and a window once that came twice', () => {
    const [first = [], second = []] = hosts;
    expect(addUp([first, second, first])).toEqual(addUp([first, second]));
    expect(addUp([[...first, ...first], second])).toEqual(addUp([first, second]));
  });

  test('leave what hosts told as it was', () => {
    const before = structuredClone(hosts);
    addUp(hosts);
    expect(hosts).toEqual(before);
  });

  test.each<[string, Partial<CaptureWindow>]>([
    ['in other bins', { prediction: { counts: [10, 5, 5], confidence: [0, 0, 20] } }],
    ['without confidences', { prediction: { counts: [20, 0] } }],
    [
      'of other features',
      { features: { amount: { counts: [20], missing: 0, below: 0, above: 0, unseen: 0 } } },
    ],
    ['of another version', { version: '8' }],
    ['in the next five minutes', { from: at(5 * MINUTE_MS), to: at(10 * MINUTE_MS) }],
    ['of two hours that tell no hours', { to: at(120 * MINUTE_MS) }],
    ['whose times can not be read', { from: 'yesterday' }],
    ['that end before they begin', { to: at(-MINUTE_MS) }],
    [
      'with more missing than there are rows',
      { features: { ...windowAt('x', { ms: 0, missing: 21 }).features } },
    ],
    ['with more invalid answers than rows', { invalid: 21 }],
    ['of more rows than can be summed', { n: Number.MAX_SAFE_INTEGER }],
  ])('stay apart where they are %s', (_what, other) => {
    const one = windowAt('serve-1', { ms: 0 });
    const two = { ...windowAt('serve-2', { ms: 0 }), ...other };
    expect(addUp([[one], [two]]).toSorted((a, b) => (a.host < b.host ? -1 : 1))).toEqual([one, two]);
  });

  test('of folded hours tell in which hour they came', () => {
    const sums = addUp(
      ['serve-1', 'serve-2'].map((host) =>
        [0, 61].map((minute) => {
          const [first, second] = [0, 20].map((more) =>
            windowAt(host, { ms: (minute + more) * MINUTE_MS, minutes: 20 }),
          );
          return first === undefined || second === undefined ? windowOf(0) : addWindow(first, second);
        }),
      ),
    );
    expect(sums.map(({ n, hours }) => ({ n, hours: hours?.slice(0, 2) }))).toEqual([
      { n: 80, hours: [80, 0] },
      { n: 80, hours: [0, 80] },
    ]);
  });

  test('of an hour are two where it has two cycles, and as many as there are of cycles of seconds', () => {
    const halves = [0, 30].map((minute) => ({
      ...windowAt('serve-1', { ms: minute * MINUTE_MS, minutes: 30 }),
      hours: Array.from({ length: 24 }, () => 0),
    }));
    expect(addUp([halves], 1_800)).toHaveLength(2);
    expect(addUp([halves])).toHaveLength(1);
    const seconds = Array.from({ length: 10 }, (_, index) =>
      windowAt('serve-1', { ms: 2_000 * index, minutes: 1 / 30 }),
    );
    const named = seconds.map((window, seq) => ({ ...window, seq }));
    expect(addUp([named], 2)).toEqual(named);
  });

  test('longer than ten minutes stay as they are until they are folded', () => {
    const long = ['serve-1', 'serve-2'].flatMap((host) =>
      [11, 45, 60].map((minutes, seq) => ({ ...windowAt(host, { ms: 0, minutes }), seq })),
    );
    expect(addUp([long])).toEqual(long);
  });

  test('of a host stay whole where another tells a window in its name', () => {
    const [first = []] = hosts;
    const foreign = { ...windowAt('serve-1', { ms: 0 }), seq: 999_999 };
    expect(addUp([[foreign], first]).length).toBeGreaterThanOrEqual(first.length);
    expect(addUp([[foreign], first]).reduce((sum, { n }) => sum + n, 0)).toBe(
      first.reduce((sum, { n }) => sum + n, foreign.n),
    );
  });

  test('keep every count, whatever order hosts come in', () => {
    const stretch = fc.record({
      ms: fc.nat({ max: 3 * DAY_MS }),
      minutes: fc.constantFrom(5, 30),
      n: fc.nat(100),
    });
    fc.assert(
      fc.property(fc.array(fc.array(stretch, { maxLength: 8 }), { maxLength: 4 }), (drawn) => {
        const told = drawn.map((stretches, host) =>
          stretches.map((one, seq) => ({
            ...windowAt(`serve-${host}`, one),
            hostId: hostIdOf(`${host}`),
            seq,
          })),
        );
        const total = (windows: readonly CaptureWindow[]) =>
          windows.reduce(
            (sum, { n, features, prediction }) => [
              (sum[0] ?? 0) + n,
              (sum[1] ?? 0) + (features['age']?.counts[3] ?? 0),
              (sum[2] ?? 0) + (prediction.counts[0] ?? 0),
            ],
            [0, 0, 0],
          );
        const [there, back] = [addUp(told), addUp(told.toReversed())];
        expect(total(there)[0]).toBe(total(told.flat())[0]);
        expect(total(there)[2]).toBe(total(told.flat())[2]);
        expect(total(there)[1]).toBeCloseTo(total(told.flat())[1] ?? 0, 6);
        expect(there.length).toBe(back.length);
      }),
    );
  });
});
