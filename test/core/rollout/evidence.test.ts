import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnTempering, NO_BASELINE } from '../../../core/rollout/evidence/baseline.ts';
import {
  carryingHarm,
  HARM_WEIGHTS,
  HARMS,
  logCapital,
  NO_EVIDENCE,
  shareOutAnew,
  startBets,
} from '../../../core/rollout/evidence/bets.ts';
import { addObservation, gatherEvidence, startEvidence } from '../../../core/rollout/evidence/evidence.ts';
import { learnBaseline } from '../../../core/rollout/evidence/learn-baseline.ts';
import { type Observation, observationSchema } from '../../../core/rollout/evidence/observation.ts';
import {
  compareAnswers,
  countCopies,
  judgeShadow,
  sumComparisons,
} from '../../../core/rollout/judge-shadow.ts';
import { hostIdOf } from '../../fixtures/host-id-of.ts';
import { driveRecorded, type Traffic } from './drive-recorded.ts';
import { arm, evidenceOf, instant, PLAN, poll } from './observations.ts';

const someArm = fc
  .record({
    requests: fc.nat(200),
    errors: fc.nat(200),
    unanswered: fc.nat(200),
    refused: fc.nat(200),
    invalid: fc.nat(200),
    bucket: fc.nat(7),
  })
  .map(({ requests, errors, unanswered, refused, invalid, bucket }) =>
    arm(requests, {
      errors: Math.min(errors, requests),
      unanswered: Math.min(unanswered, errors, requests),
      refused: Math.min(refused, requests),
      invalid: Math.min(invalid, requests),
      bucket,
    }),
  );
const somePolls: fc.Arbitrary<Observation[]> = fc
  .array(
    fc.record({
      candidate: someArm,
      stable: someArm,
      stage: fc.nat(3),
      host: fc.constantFrom('a', 'b'),
      percent: fc.constantFrom(0, 1, 10, 50, 100),
    }),
    { maxLength: 15 },
  )
  .map((polls) =>
    polls.map(({ percent, ...over }, index) => poll(index, { ...over, weights: { candidate: percent } })),
  );

describe('evidence', () => {
  it('is the same whatever order polls come in, how often, and after a trip through JSON', () => {
    fc.assert(
      fc.property(somePolls, (polls) => {
        const once = gatherEvidence(PLAN, polls);
        expect(gatherEvidence(PLAN, polls.toReversed())).toEqual(once);
        const again = gatherEvidence(PLAN, [...polls, ...polls]);
        expect({ ...again, ignored: {} }).toEqual({ ...once, ignored: {} });
        const halfway = polls.slice(0, 5).reduce(addObservation, startEvidence(PLAN));
        const resumed = polls.slice(5).reduce(addObservation, JSON.parse(JSON.stringify(halfway)));
        expect(resumed).toEqual(polls.reduce(addObservation, startEvidence(PLAN)));
      }),
      { seed: 19, numRuns: 60 },
    );
  });

  it('is finite for any polls', () => {
    fc.assert(
      fc.property(somePolls, (polls) => {
        const { levels, peak } = gatherEvidence({ ...PLAN, slo: { maxErrorRate: 0.01 } }, polls);
        for (const level of [...Object.values(levels), peak.total]) expect(Number.isFinite(level)).toBe(true);
      }),
      { seed: 23, numRuns: 60 },
    );
  });

  it('multiplies hosts and minutes, and pools neither: a candidate that meets the harder traffic is not worse', () => {
    const minute = (seq: number, host: string, rate: number, requests: number) =>
      poll(seq, {
        host,
        candidate: arm(requests, { errors: Math.round(requests * rate) }),
        stable: arm(1000 - requests, { errors: Math.round((1000 - requests) * rate) }),
      });
    const polls = [1, 2, 3, 4, 5].flatMap((seq) => [
      minute(seq, 'calm', 0.01, 100),
      minute(seq, 'hard', 0.1, 900),
    ]);
    const evidence = evidenceOf(polls);
    const { candidate, stable } = evidence.stages[1] ?? {};
    expect((candidate?.errors ?? 0) / (candidate?.requests ?? 1)).toBeGreaterThan(
      4 * ((stable?.errors ?? 0) / (stable?.requests ?? 1)),
    );
    expect(evidence.peak.total).toBeLessThan(Math.log(2));
    const pooled = poll(1, { candidate: arm(5000, { errors: 455 }), stable: arm(5000, { errors: 95 }) });
    expect(evidenceOf([pooled]).peak.total).toBeGreaterThan(Math.log(100));
  });

  it('names polls it can not count and learns nothing from them', () => {
    const good = { candidate: arm(100), stable: arm(900) };
    const broken = (over: Partial<Observation>) => poll(1, { ...good, ...over });
    const latency = { edges: [1], counts: [0, 0] };
    const cases = [
      ['not-a-count', broken({ candidate: { ...arm(10), requests: Number.NaN } })],
      ['not-a-count', broken({ candidate: { ...arm(10), errors: -1 } })],
      ['not-a-count', broken({ stable: { ...arm(10), invalid: 0.5 } })],
      ['not-a-count', broken({ seconds: Number.POSITIVE_INFINITY })],
      ['more-bad-than-requests', broken({ candidate: arm(10, { errors: 11 }) })],
      ['latency-edges-differ', broken({ candidate: arm(0, { latency }) })],
      ['unknown-stage', broken({ stage: 4 })],
    ] as const;
    for (const [code, observation] of cases) {
      const evidence = evidenceOf([observation]);
      expect(evidence.ignored).toEqual({ [code]: 1 });
      expect({ ...evidence, ignored: {} }).toEqual(startEvidence(PLAN));
    }
  });

  it('joins intervals in which one version had no requests, within a stage and for five minutes at most', () => {
    const none = arm(0);
    const apart = [
      poll(1, { candidate: none, stable: arm(100, { errors: 1 }) }),
      poll(2, { candidate: arm(10, { errors: 2 }), stable: none }),
    ];
    const together = poll(1, { candidate: arm(10, { errors: 2 }), stable: arm(100, { errors: 1 }) });
    expect(evidenceOf(apart).errors).toEqual(evidenceOf([together]).errors);
    const nextStage = [apart[0], { ...apart[1], stage: 2 }] as Observation[];
    expect(evidenceOf(nextStage).errors).toEqual(startEvidence(PLAN).errors);
    const longAgo = [apart[0], { ...apart[1], seconds: 300 }] as Observation[];
    expect(evidenceOf(longAgo).errors).toEqual(startEvidence(PLAN).errors);
  });

  it('compares latency only after a new version has warmed up', () => {
    const slow = (seq: number) =>
      poll(seq, { seconds: 10, candidate: arm(10, { bucket: 5 }), stable: arm(90) });
    const polls = Array.from({ length: 12 }, (_, index) => slow(index + 1));
    expect(evidenceOf(polls.slice(0, 5)).levels.slow).toBe(0);
    expect(evidenceOf(polls).levels.slow).toBeGreaterThan(5);
  });

  it('is tempered by what past quiet intervals vary more than chance', () => {
    const swings = Array.from({ length: 40 }, (_, index) =>
      poll(index, {
        candidate: arm(500, { errors: index % 2 === 0 ? 40 : 10 }),
        stable: arm(500, { errors: index % 2 === 0 ? 10 : 40 }),
      }),
    );
    const eta = learnTempering(swings);
    expect(eta.errors).toBeLessThan(0.2);
    expect(eta.invalid).toBe(1);
    expect(learnTempering(swings.slice(0, 10))).toEqual(NO_BASELINE.eta);
    const bad = poll(99, { candidate: arm(100, { errors: 12 }), stable: arm(900, { errors: 30 }) });
    const plain = gatherEvidence(PLAN, [bad]);
    const tempered = gatherEvidence(PLAN, [bad], { ...NO_BASELINE, eta });
    expect(tempered.levels.errors).toBeLessThan(plain.levels.errors);
  });
});

describe('what past rollouts teach', () => {
  it('is learnt from those that were promoted and quiet only', () => {
    const traffic =
      (errorsAt: (minute: number) => number): Traffic =>
      (stage, minute) =>
        stage === 0
          ? { candidate: arm(600, { errors: errorsAt(minute) }), stable: arm(5400, { errors: 54 }) }
          : { candidate: arm(6000, { errors: 60 }), stable: arm(0) };
    const calm = traffic(() => 6);
    const swinging = traffic((minute) => (minute % 2 === 0 ? 10 : 2));
    const harmful = traffic(() => 60);
    const quick = { minRequests: 100, stages: [10, 100], stageMinSeconds: 1500 };
    expect(learnBaseline([driveRecorded(calm, 60, quick)]).eta.errors).toBe(1);
    expect(learnBaseline([driveRecorded(swinging, 60, quick)]).eta.errors).toBeLessThan(0.5);
    expect(learnBaseline([driveRecorded(harmful, 60, quick)]).eta.errors).toBe(1);
  });

  it('includes how the stable version does at present', () => {
    const recent = [1, 2].map((seq) => poll(seq, { candidate: arm(0), stable: arm(100, { errors: 3 }) }));
    const baseline = learnBaseline([], recent);
    expect(baseline).toMatchObject({ requests: 200, errors: 6 });
    expect(baseline.latency[hostIdOf('serve-1')]?.counts[2]).toBe(200);
  });
});

describe('bets on several harms', () => {
  const levels = {
    errors: 1.2,
    gross: -4,
    slow: 0.3,
    refused: 0.1,
    invalid: 2,
    objective: -0.5,
    refusedAlone: 0.7,
  };

  it('start with a capital of one and keep it when shared out anew', () => {
    const bets = startBets(new Set(['errors']));
    expect(logCapital(bets, NO_EVIDENCE)).toBeCloseTo(0, 12);
    const capital = logCapital(bets, levels);
    for (const awake of [['errors', 'slow'], ['errors', 'slow', 'invalid', 'objective'], HARMS] as const) {
      expect(logCapital(shareOutAnew(bets, levels, new Set(awake)), levels)).toBeCloseTo(capital, 12);
    }
  });

  it('are shares of one capital', () => {
    expect(HARMS.reduce((sum, harm) => sum + HARM_WEIGHTS[harm], 0)).toBeCloseTo(1, 12);
  });

  it('name the harm that holds most of it', () => {
    const bets = startBets(new Set(HARMS));
    expect(carryingHarm(bets, levels)).toBe('errors');
    expect(carryingHarm(bets, { ...levels, invalid: 4 })).toBe('invalid');
    expect(carryingHarm(bets, { ...levels, refused: 4 })).toBe('refused');
    expect(carryingHarm(bets, { ...levels, objective: 9 })).toBe('objective');
    expect(carryingHarm(bets, { ...levels, refusedAlone: 9 })).toBe('refusedAlone');
  });
});

describe('copies of requests before the first percent', () => {
  const copied = (seq: number, ended: ReturnType<typeof arm>, open = 0) =>
    poll(seq, {
      ...{ stage: 0, weights: { candidate: 0 } },
      candidate: arm(0),
      stable: arm(500),
      copies: { ended, open },
    });
  const shadowPoll = (seq: number, errors: number) => copied(seq, arm(500, { errors }));

  it('count as evidence of harm but not as requests of the stage', () => {
    const evidence = evidenceOf([shadowPoll(1, 0), shadowPoll(2, 0)]);
    expect(evidence.stages[0]?.candidate.requests).toBe(0);
    expect(evidence.stages[0]?.shadow.requests).toBe(1000);
    expect(judgeShadow({ evidence, awaited: 1_000 })).toMatchObject({
      verdict: 'pass',
      reasons: [{ code: 'shadow-answers' }],
    });
    const harmful = judgeShadow({ evidence: evidenceOf([shadowPoll(1, 12)]), awaited: 500 });
    expect(harmful).toMatchObject({ verdict: 'fail', reasons: [{ code: 'shadow-harm', metric: 'errors' }] });
    expect(harmful.explanation).toContain('errors 12/500 (2.4%) vs 0/500 (0%)');
    expect(judgeShadow({ evidence: evidenceOf([]), awaited: 0 }).verdict).toBe('inconclusive');
  });

  it('that end once the candidate has requests of its own are not compared with what is answered then', () => {
    const late = (seq: number, requests: number, copies = arm(0)) =>
      poll(seq, {
        stage: 0,
        weights: { candidate: 10 },
        candidate: arm(requests),
        stable: arm(500),
        copies: { ended: copies, open: 0 },
      });
    const shadowed = [shadowPoll(1, 0), shadowPoll(2, 0)];
    const without = evidenceOf([...shadowed, late(3, 50)]);
    const evidence = evidenceOf([...shadowed, late(3, 50, arm(40, { errors: 40 }))]);
    expect(evidence.levels).toEqual(without.levels);
    expect(evidence.stages[0]).toMatchObject({
      candidate: { requests: 50, errors: 0 },
      shadow: { requests: 1_040, errors: 40 },
    });
  });

  it('are no pass while of those that were sent too few have ended', () => {
    const observations = [
      copied(1, arm(30), 12),
      { ...copied(1, arm(10), 3), hostId: hostIdOf('b'), host: 'b' },
      copied(2, arm(5), 8),
    ];
    expect(countCopies(observations)).toEqual({ ended: 45, open: 11 });
    const evidence = evidenceOf(observations);
    const judged = judgeShadow({ evidence, awaited: 56 });
    expect(judged).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'shadow-unanswered' }] });
    expect(judged.explanation).toContain('Of 56 copies of requests 11 had not ended');
    expect(judgeShadow({ evidence, awaited: 45 }).verdict).toBe('pass');
  });

  it('tell how often both versions answer differently, which is no harm', () => {
    const answers = (changed: number) =>
      Array.from({ length: 400 }, (_, id) => ({ id: `${id}`, prediction: id < changed ? 'no' : 'yes' }));
    const comparison = compareAnswers(answers(0), [...answers(40), { id: 'x', prediction: 'no' }]);
    expect(comparison).toEqual({ pairs: 400, different: 40, unmatched: 1 });
    const evidence = evidenceOf([shadowPoll(1, 0)]);
    const shown = judgeShadow({ evidence, comparison, awaited: 500 });
    expect(shown.verdict).toBe('pass');
    expect(shown.explanation).toMatch(/The versions answer 10% \[7\.4%, 13%\] of 400 requests differently\./);
  });

  it('add up over hosts and polls, and are nothing where nothing was compared', () => {
    const one = poll(1, { candidate: arm(1), stable: arm(1) });
    expect(sumComparisons([one])).toBeUndefined();
    const near = { ...one, shadow: { pairs: 30, different: 3, unmatched: 1, meanDifference: 1 } };
    const far = { ...one, shadow: { pairs: 10, different: 10, unmatched: 0, meanDifference: 5 } };
    const texts = { ...one, shadow: { pairs: 0, different: 0, unmatched: 2 } };
    expect(sumComparisons([one, near, far, texts])).toEqual({
      pairs: 40,
      different: 13,
      unmatched: 3,
      meanDifference: 2,
    });
    expect(observationSchema.safeParse(near).success).toBe(true);
  });

  it('compare numbers within a tolerance', () => {
    const numbers = (shift: number) =>
      [1, 2, 300].map((value, id) => ({ id: `${id}`, prediction: value + shift }));
    expect(compareAnswers(numbers(0), numbers(0.01), 1e-4)).toMatchObject({ pairs: 3, different: 2 });
    expect(compareAnswers(numbers(0), numbers(0.01)).meanDifference).toBeCloseTo(0.01, 9);
  });
});

describe('the observation schema', () => {
  it('takes what a host reports and refuses what can not be', () => {
    const good = poll(1, { candidate: arm(10), stable: arm(90), at: instant(60) });
    expect(observationSchema.safeParse(good).success).toBe(true);
    const bad = [
      { candidate: arm(10, { errors: 11 }) },
      { candidate: { ...arm(10), requests: Number.NaN } },
      { weights: { candidate: 101 } },
      { at: 'noon' },
      { seq: -1 },
      { candidate: { ...arm(10), latency: { edges: [2, 1], counts: [0, 0, 0] } } },
      { candidate: { ...arm(10), latency: { edges: [1, 2], counts: [0, 0] } } },
    ];
    for (const over of bad) expect(observationSchema.safeParse({ ...good, ...over }).success).toBe(false);
  });
});
