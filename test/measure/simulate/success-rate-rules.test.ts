import { expect, it } from 'vitest';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import {
  ARGO_ROLLOUTS,
  FLAGGER,
  watchBySuccessRate,
} from '../../../measure/simulate/anchors/success-rate-rules.ts';
import { makeDraws } from '../../../measure/simulate/draws.ts';
import { drawPoll, NO_HARM } from '../../../measure/simulate/traffic.ts';

const draws = makeDraws('success-rates');
const CALM = { name: 'flat', invalid: 0, noise: 0, at: () => ({ perSecond: 20, errorRate: 0, load: 0 }) };
const poll = (seq: number, requests: number, errors: number): Observation => {
  const drawn = drawPoll(
    draws,
    { seq, seconds: 60, stage: 0, percent: 50 },
    { pattern: CALM, harm: NO_HARM },
  );
  return { ...drawn, candidate: { ...drawn.candidate, requests, errors } };
};
const polls = (count: number, requests: number, errors: number) =>
  Array.from({ length: count }, (_, index) => poll(index + 1, requests, errors));

it('stops at the fourth failed measurement of Argo Rollouts and at the tenth of Flagger', () => {
  expect(watchBySuccessRate(polls(20, 100, 1), ARGO_ROLLOUTS)).toBeUndefined();
  expect(watchBySuccessRate(polls(20, 100, 2), ARGO_ROLLOUTS)?.polls).toBe(4);
  expect(watchBySuccessRate(polls(20, 100, 2), FLAGGER)?.polls).toBe(10);
});

it('counts an interval without requests as failed: Flagger finds no value, and NaN meets no condition of Argo', () => {
  expect(watchBySuccessRate(polls(20, 0, 0), ARGO_ROLLOUTS)).toEqual({ polls: 4, candidateRequests: 0 });
  expect(watchBySuccessRate(polls(20, 0, 0), FLAGGER)).toEqual({ polls: 10, candidateRequests: 0 });
  const idleAtTimes = polls(8, 100, 0).flatMap((busy) => [busy, poll(busy.seq, 0, 0)]);
  expect(watchBySuccessRate(idleAtTimes, ARGO_ROLLOUTS)?.polls).toBe(8);
});
