import { describe, expect, test } from 'vitest';
import { findBeginning } from '../../../../core/monitor/evidence/find-beginning.ts';
import { sumDays } from '../../../../core/monitor/evidence/sum-days.ts';
import { sumHours } from '../../../../core/monitor/evidence/sum-hours.ts';
import { findMoved, gatherBins } from '../../../../core/monitor/page/gather-bins.ts';
import { nameFeature, nameInText } from '../../../../core/monitor/page/name-feature.ts';
import { drawDays } from '../../../../core/pictures/draw-days.ts';
import { windowOf } from '../../drift/drift-data.ts';

describe('when a shift began', () => {
  const history = [0.01, 0.12, 0.02, 0.11, 0.3, 0.31].map((index, day) => ({
    from: `2026-03-0${day + 1}T00:00:00Z`,
    to: `2026-03-0${day + 2}T00:00:00Z`,
    rows: 1_000,
    index,
  }));
  const since = '2026-03-06T00:00:00Z';

  test('is the first day at the limit without one below it before the alarm, and the day of the alarm', () => {
    expect(findBeginning({ history, alarm: { kind: 'drift', since } }, 0.1)).toEqual({
      began: '2026-03-04T00:00:00Z',
      alarmed: '2026-03-05T00:00:00Z',
    });
  });

  test('is the day of the alarm where it was raised below the limit, and nothing where none stands', () => {
    const { began, alarmed } = findBeginning({ history, alarm: { kind: 'drift', since } }, 0.5) ?? {};
    expect([began, alarmed]).toEqual(['2026-03-05T00:00:00Z', '2026-03-05T00:00:00Z']);
    expect(findBeginning({ history }, 0.1)).toBeUndefined();
  });
});

describe('names', () => {
  test.each([
    ['projection-7', 'projection', 'picture statistics 7'],
    ['left/eye/projection-0', 'projection', 'left/eye: picture statistics 0'],
    ['projection-7', 'numeric', 'projection-7'],
    ['brightness', 'scalar', 'brightness'],
    ['prediction', 'prediction', 'the answers'],
  ] as const)('%s, a %s, is %s', (name, kind, said) => {
    expect(nameFeature({ name, kind })).toBe(said);
  });

  test('are said in sentences, and a text that only looks like one is left', () => {
    const features = [{ name: 'projection-1', kind: 'projection' as const }];
    expect(nameInText('`projection-1` and `projection-12` and projection-1', features)).toBe(
      '`picture statistics 1` and `projection-12` and projection-1',
    );
  });
});

describe('bins', () => {
  const names = Array.from({ length: 100 }, (_, bin) => `b${bin}`);
  const counts = names.map((_, bin) => bin + 1);
  const total = (bins: readonly { readonly reference: number }[]) =>
    bins.reduce((sum, { reference }) => sum + reference, 0);

  test('of many numbers are joined with their neighbours, and none is lost', () => {
    const bins = gatherBins({ names, reference: counts, observed: counts }, true);
    expect(bins).toHaveLength(20);
    expect(bins[0]?.name).toBe('b0 to b4');
    expect(total(bins)).toBeCloseTo(1);
  });

  test('of many categories are the largest and the others, and those of nothing are left out', () => {
    const bins = gatherBins({ names, reference: counts, observed: counts.toReversed() }, false);
    expect(bins.map(({ name }) => name)).toEqual(expect.arrayContaining(['b99', 'b0', '93 others']));
    expect(bins).toHaveLength(8);
    expect(total(bins)).toBeCloseTo(1);
    expect(gatherBins({ names: ['a', 'unseen'], reference: [5, 0], observed: [7, 0] }, false)).toHaveLength(
      1,
    );
  });

  test('that moved are those by a point and more', () => {
    const bin = (reference: number, observed: number) => ({ name: 'x', reference, observed });
    expect(findMoved([bin(0.5, 0.505), bin(0.5, 0.495)])).toBeUndefined();
    expect(findMoved([bin(0.5, 0.505), bin(0.5, 0.3)])).toBe(1);
    expect(findMoved([])).toBeUndefined();
  });
});

describe('sums', () => {
  test('of days hold each window once, by the day in UTC', () => {
    const late = windowOf(1, {
      host: 'b',
      from: '2026-03-03T01:30:00+02:00',
      to: '2026-03-03T02:00:00+02:00',
    });
    const [first, second] = sumDays([windowOf(0), windowOf(0), windowOf(1), late], new Set());
    expect(first).toMatchObject({ day: '2026-03-01', rows: 2_000, cells: 4_000, missing: 0 });
    expect(second).toMatchObject({ day: '2026-03-02', rows: 4_000 });
  });

  test('of hours add hosts that count in the same buckets', () => {
    const seen = (at: string, edges: readonly number[], counts: readonly number[]) => ({
      ...{ at, requests: 10, errors: 1, refused: 0 },
      latency: { edges: [...edges], counts: [...counts] },
    });
    const hours = sumHours([
      [seen('2026-03-01T11:00:00Z', [10, 20], [1, 0, 0]), seen('2026-03-01T10:00:00Z', [10, 20], [5, 4, 0])],
      [seen('2026-03-01T10:00:00Z', [10, 20], [0, 9, 0])],
      [seen('2026-03-01T10:00:00Z', [7], [9, 0])],
    ]);
    expect(hours).toEqual([
      { at: '2026-03-01T10:00:00.000Z', requests: 30, errors: 3, refused: 0, median: 20, p95: 20 },
      { at: '2026-03-01T11:00:00.000Z', requests: 10, errors: 1, refused: 0, median: 10, p95: 10 },
    ]);
  });
});

test('names above days never lie on each other, and an alarm’s always stands', () => {
  const { markup } = drawDays({
    ...{
      description: 'x',
      from: '2026-03-01T00:00:00Z',
      to: '2026-03-31T00:00:00Z',
      range: [0, 1],
      write: String,
      series: [],
    },
    marks: [
      { at: '2026-03-10T00:00:00Z', text: 'v1', kind: 'event' },
      { at: '2026-03-10T08:00:00Z', text: 'v2', kind: 'event' },
      { at: '2026-03-20T00:00:00Z', text: 'v3', kind: 'event' },
      { at: '2026-03-20T00:00:00Z', text: 'since 20 Mar', kind: 'alarm' },
    ],
  });
  expect(markup.match(/>(?:v\d|since 20 Mar)</g)).toEqual(['>since 20 Mar<', '>v1<']);
  expect(markup.match(/y1="18"/g)).toHaveLength(4);
});

test.each([
  ['far apart', [0, 0.4], ['act', 'warn']],
  ['close', [0, 4], ['act']],
] as const)('limits that are %s are all drawn, and no name lies on another', (_, range, named) => {
  const { markup } = drawDays({
    ...{ description: 'x', from: '2026-03-01T00:00:00Z', to: '2026-03-31T00:00:00Z', range, write: String },
    series: [],
    limits: [
      { value: 0.1, text: 'warn', style: 'guide' },
      { value: 0.25, text: 'act', style: 'margin' },
    ],
  });
  expect([...markup.matchAll(/>(?<name>act|warn)</g)].map(({ groups }) => groups?.['name'])).toEqual(named);
  expect(markup.match(/class="margin"/g)).toHaveLength(1);
});
