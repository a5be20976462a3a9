import { expect, test } from 'vitest';
import {
  addToHistory,
  cutHistory,
  historyStart,
  latencySince,
  startHistory,
  tellHistory,
} from '../../../../core/serving/screen/history.ts';
import { arm, poll } from '../../rollout/observations.ts';

const NOON = Date.parse('2026-03-12T12:00:00Z');
const pollAt = (
  ms: number,
  rollout = '',
  over: Parameters<typeof poll>[1] = { candidate: arm(0), stable: arm(90) },
) => ({
  ...poll(1, over),
  at: new Date(ms).toISOString(),
  rollout,
});

/** All there is, as of noon. */
const ALL = { sinceMs: 0, nowMs: NOON };

function historyOf(polls: readonly ReturnType<typeof pollAt>[]) {
  const sums = startHistory();
  for (const one of polls) addToHistory(sums, one);
  return sums;
}

test('polls of five minutes are one stretch, with what became of requests and how long answers took', () => {
  const sums = historyOf([
    pollAt(NOON + 1_000),
    pollAt(NOON + 299_000, '', {
      candidate: arm(10, { errors: 1 }),
      stable: arm(10, { bucket: 5 }),
      weights: { candidate: 10 },
    }),
    pollAt(NOON + 300_000),
  ]);
  const { stretches } = tellHistory(sums, { sinceMs: 0, nowMs: NOON + 300_000 });
  expect(stretches.map(({ at }) => at)).toEqual(['2026-03-12T12:00:00.000Z', '2026-03-12T12:05:00.000Z']);
  expect(stretches[0]).toMatchObject({
    percent: 10,
    stable: { requests: 100, errors: 0, latency: { answers: 100, p50: 50, p95: 200, p99: 200 } },
    candidate: { requests: 10, errors: 1, latency: { p50: 50 } },
  });
});

test('a quantile above all edges, or of nothing, is not known', () => {
  const open = historyOf([pollAt(NOON, '', { candidate: arm(0), stable: arm(5, { bucket: 7 }) })]);
  expect(tellHistory(open, ALL).stretches[0]?.stable.latency).toEqual({ answers: 5 });
  expect(tellHistory(open, ALL).stretches[0]?.candidate.latency).toEqual({ answers: 0 });
});

test('a day of polls, however many, is at most 289 stretches, and what is older is cut', () => {
  const polls = Array.from({ length: 4_000 }, (_, index) => pollAt(NOON - index * 30_000));
  const sums = historyOf(polls);
  const since = historyStart(NOON, 24);
  cutHistory(sums, since);
  const { stretches } = tellHistory(sums, { sinceMs: since, nowMs: NOON });
  expect(stretches).toHaveLength(288);
  expect(stretches[0]?.at).toBe('2026-03-11T12:05:00.000Z');
  expect(stretches.at(-1)?.at).toBe('2026-03-12T12:00:00.000Z');
  expect(tellHistory(sums, { sinceMs: historyStart(NOON, 1), nowMs: NOON }).stretches).toHaveLength(12);
});

test('rollouts are named with how far they came; latency is of the time asked for', () => {
  const sums = historyOf([
    pollAt(NOON - 7_200_000, 'r1', { candidate: arm(5), stable: arm(45), weights: { candidate: 10 } }),
    pollAt(NOON - 7_100_000, 'r1', {
      candidate: arm(25, { errors: 3 }),
      stable: arm(25),
      stage: 2,
      weights: { candidate: 50 },
    }),
    pollAt(NOON, '', { candidate: arm(0), stable: arm(10, { bucket: 0 }) }),
  ]);
  expect(tellHistory(sums, ALL).rollouts).toEqual([
    {
      rollout: 'r1',
      from: '2026-03-12T10:00:00.000Z',
      to: '2026-03-12T10:01:40.000Z',
      stage: 2,
      percent: 50,
      candidate: { requests: 30, errors: 3, unanswered: 0, refused: 0, invalid: 0 },
      stable: { requests: 70, errors: 0, unanswered: 0, refused: 0, invalid: 0 },
    },
  ]);
  expect(latencySince(sums, NOON - 3_600_000)).toEqual({ answers: 10, p50: 10, p95: 10, p99: 10 });
  expect(latencySince(sums, 0).answers).toBe(80);
});

test('a rollout is told by what fell in the asked time, whoever asked before', () => {
  const sums = historyOf([
    pollAt(NOON - 7_200_000, 'r1', {
      ...{ candidate: arm(5, { errors: 5 }), stable: arm(45), stage: 2 },
      weights: { candidate: 50 },
    }),
    pollAt(NOON - 1_800_000, 'r1', { candidate: arm(1), stable: arm(9), weights: { candidate: 10 } }),
    pollAt(NOON - 60_000, 'r1', { candidate: arm(2), stable: arm(8), weights: { candidate: 10 } }),
  ]);
  const told = (hours: number) =>
    tellHistory(sums, { sinceMs: historyStart(NOON, hours), nowMs: NOON }).rollouts;
  expect(told(1)).toMatchObject([
    {
      ...{ rollout: 'r1', stage: 1, percent: 10, from: '2026-03-12T11:30:00.000Z' },
      ...{ to: '2026-03-12T11:59:00.000Z', candidate: { requests: 3, errors: 0 }, stable: { requests: 17 } },
    },
  ]);
  expect(told(24)).toMatchObject([
    { stage: 2, from: '2026-03-12T10:00:00.000Z', candidate: { requests: 8 } },
  ]);
  // What a follower has kept of the time before is no part of it either.
  cutHistory(sums, historyStart(NOON, 1));
  expect(told(24)).toEqual(told(1));
});

test.each([
  ['that runs is as long as its polls', [60, 120, 180], 60, 200, 180],
  ['that runs is as long as to its last poll where some of no request were not kept', [5, 200], 5, 250, 200],
  ['that is over has its length, however few its polls', [5], 5, 300, 300],
  ['may hold what was counted over a longer time, while the agent was away', [5], 7_200, 300, 7_200],
])('a stretch %s', (_, ats, seconds, now, expected) => {
  const counted = { candidate: arm(0), stable: arm(10), seconds };
  const sums = historyOf(ats.map((at) => pollAt(NOON + 1_000 * at, '', counted)));
  const { stretches } = tellHistory(sums, { sinceMs: 0, nowMs: NOON + 1_000 * now });
  expect(stretches).toMatchObject([{ seconds: expected }]);
});
