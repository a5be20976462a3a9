import { expect, it } from 'vitest';
import { buildCohorts } from '../../../core/drift/labels/build-cohorts.ts';
import { windowOf } from './drift-data.ts';

const windowAt = (host: string, seq: number, from: string, confidence: readonly number[]) =>
  windowOf(0, { host, seq, from, prediction: { counts: [0, 0], confidence: [...confidence] } });

it('makes a cohort of each day with labels, added up over its windows and hosts', () => {
  const windows = [
    windowAt('a', 1, '2026-01-01T10:00:00Z', [4, 1]),
    windowAt('a', 2, '2026-01-01T11:00:00Z', [4, 1]),
    windowAt('b', 1, '2026-01-01T11:00:00Z', [10, 20]),
    windowAt('b', 2, '2026-01-02T11:00:00Z', [7, 7]),
    windowAt('b', 3, '2026-01-03T11:00:00Z', [7, 7]),
  ];
  const counts = [
    { day: '2026-01-03', bin: 0, labelled: 9, correct: 4 },
    { day: '2026-01-01', bin: 1, labelled: 3, correct: 2 },
    { day: '2026-01-01', bin: 1, labelled: 5, correct: 1 },
  ];
  expect(buildCohorts(windows, counts, 2)).toEqual([
    {
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-01T23:59:59Z',
      predicted: [18, 22],
      labelled: [0, 8],
      correct: [0, 3],
    },
    // Fewer predictions than labels: the window is not closed yet.
    {
      from: '2026-01-03T00:00:00Z',
      to: '2026-01-03T23:59:59Z',
      predicted: [9, 7],
      labelled: [9, 0],
      correct: [4, 0],
    },
  ]);
});

it('leaves out labels of no bin, and makes nothing without labels', () => {
  const stray = [
    { day: '2026-01-01', bin: -1, labelled: 1, correct: 1 },
    { day: '2026-01-01', bin: 2, labelled: 1, correct: 1 },
  ];
  expect(buildCohorts([], stray, 2)).toMatchObject([{ labelled: [0, 0], correct: [0, 0] }]);
  expect(buildCohorts([windowAt('a', 1, '2026-01-01T10:00:00Z', [4, 1])], [], 2)).toEqual([]);
});
