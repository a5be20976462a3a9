import { afterEach, beforeEach, expect, test } from 'vitest';
import { countLabels, measureDelay } from '../../agent/windows/read-labels.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';
import { whileTurning } from './support/while-turning.ts';

const SUBJECT = { model: 'demo', version: '7' };
const [DAYS, A_DAY] = [3, 3_000];
const TOTAL = DAYS * A_DAY;
const BINS = 4;
/** Labels that are read in one go at most. */
const PIECE = 1_000;
const DAY_MS = 86_400_000;

/** Labels of some days, those of each half of a day of one instant, and from one to twenty seconds after it. */
const LABELS = Array.from({ length: TOTAL }, (_, index) => {
  const [day, ofDay] = [Math.floor(index / A_DAY), index % A_DAY];
  return {
    id: `r${index}`,
    predictedMs: Date.parse('2026-01-01T00:00:00Z') + day * DAY_MS + (ofDay < A_DAY / 2 ? 0 : DAY_MS / 2),
    seconds: 1 + ((index * 7) % 20),
    bin: (index * 3) % BINS,
    correct: index % 5 > 0,
  };
});

let host: FakeHost;
beforeEach(() => {
  host = openFakeHost();
  const { labels } = host.context.store;
  for (const [at, ours] of Map.groupBy(LABELS, ({ predictedMs, seconds }) => predictedMs + seconds * 1_000)) {
    labels.add('demo', new Date(at).toISOString(), named(ours));
  }
  labels.join('demo', joined(LABELS, '7'));
  // Of others, which count nowhere here.
  const others = LABELS.slice(0, 9).map((label) => ({ ...label, id: `other${label.id}` }));
  labels.add('demo', host.context.clock.now(), named(others));
  labels.join('demo', joined(others, '8'));
  labels.add('other', host.context.clock.now(), named(others));
  labels.join('other', joined(others, '7'));
  labels.add('demo', host.context.clock.now(), [{ id: 'waits', label: 'a' }]);
});
afterEach(() => host.close());

function named(labels: typeof LABELS) {
  return labels.map(({ id }) => ({ id, label: 'a' }));
}

function joined(labels: typeof LABELS, version: string) {
  return labels.map(({ id, predictedMs, bin, correct }) => ({
    ...{ id, version, bin, correct },
    predictedAt: new Date(predictedMs).toISOString(),
  }));
}

test('labels are counted by day and bin a few at a time, however many are of one instant', async () => {
  const { answer, turns } = await whileTurning(countLabels(host.context, SUBJECT));
  const expected = Array.from({ length: DAYS * BINS }, (_, index) => {
    const day = `2026-01-0${1 + Math.floor(index / BINS)}`;
    const bin = index % BINS;
    const ours = LABELS.filter(
      (one) => one.bin === bin && new Date(one.predictedMs).toISOString().startsWith(day),
    );
    const correct = ours.filter((one) => one.correct).length;
    return { day, bin, labelled: ours.length, correct };
  });
  expect(answer).toEqual(expected);
  expect(turns).toBeGreaterThanOrEqual(TOTAL / PIECE);
});

test('nothing is counted on for nobody', async () => {
  expect(await countLabels(host.context, SUBJECT, AbortSignal.abort())).toEqual([]);
});

test.each([
  [0, 1],
  [0.5, 11],
  [0.96, 20],
  [1, 0],
])('the share %d of labels came within as long: found a few at a time', async (quantile, seconds) => {
  const delay = measureDelay(host.context, SUBJECT, { quantile, total: TOTAL });
  const { answer, turns } = await whileTurning(delay);
  expect(answer).toBeCloseTo(seconds, 3);
  expect(turns).toBeGreaterThanOrEqual(seconds === 0 ? 0 : TOTAL / PIECE);
});

test('no label took no time', async () => {
  const nobody = { model: 'demo', version: '9' };
  expect(await countLabels(host.context, nobody)).toEqual([]);
  expect(await measureDelay(host.context, nobody, { quantile: 0.99, total: 0 })).toBe(0);
});
