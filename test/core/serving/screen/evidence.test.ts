import { expect, test } from 'vitest';
import { addObservation } from '../../../../core/rollout/evidence/evidence.ts';
import { addPoint, type EvidenceCurve } from '../../../../core/serving/screen/evidence-curve.ts';
import { failuresToAlarm } from '../../../../core/serving/screen/failures-to-alarm.ts';
import { arm, evidenceOf, instant, poll } from '../../rollout/observations.ts';

test('a curve keeps its beginning, its highest point and its end, and never has more than 300 points', () => {
  let curve: EvidenceCurve = [];
  for (let index = 0; index < 5_000; index += 1) {
    const total = index === 1_234 ? 9 : Math.sin(index / 50);
    curve = addPoint(curve, { at: instant(index), stage: 0, total });
    expect(curve.length).toBeLessThanOrEqual(300);
  }
  expect(curve[0]?.at).toBe(instant(0));
  expect(curve.at(-1)?.at).toBe(instant(4_999));
  expect(curve.find(({ at }) => at === instant(1_234))?.total).toBe(9);
  expect(curve.map(({ at }) => at)).toEqual(curve.map(({ at }) => at).toSorted());
});

const quiet = Array.from({ length: 20 }, (_, index) =>
  poll(index + 1, { candidate: arm(100), stable: arm(900, { errors: 1 }) }),
);

test('as many failures as are told reach the limit, and one fewer does not', () => {
  const evidence = evidenceOf(quiet);
  const last = quiet.at(-1) ?? poll(1, { candidate: arm(0), stable: arm(0) });
  const failures = failuresToAlarm(evidence, last);
  if (failures === undefined) throw new Error('Some number of failures must do.');
  expect(failures).toBeGreaterThan(1);
  const limit = -Math.log(evidence.plan.alarmAlpha);
  const levelAfter = (count: number) => {
    const candidate = { ...arm(0), requests: count, errors: count };
    const stable = { ...arm(0), requests: 9 * count };
    return addObservation(evidence, poll(21, { candidate, stable })).levels.total;
  };
  expect(levelAfter(failures)).toBeGreaterThanOrEqual(limit);
  expect(levelAfter(failures - 1)).toBeLessThan(limit);
  expect(failuresToAlarm(evidence, { ...last, weights: { candidate: 100 } })).toBeUndefined();
});

test('where the limit was reached nothing more is needed', () => {
  const harm = [...quiet, poll(21, { candidate: arm(100, { errors: 60 }), stable: arm(900) })];
  const last = harm.at(-1);
  expect(last && failuresToAlarm(evidenceOf(harm), last)).toBe(0);
});
