import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { classifyMetric } from '../../../measure/simulate/anchors/kayenta/classify-metric.ts';
import { effectSize } from '../../../measure/simulate/anchors/kayenta/effect-size.ts';
import { shiftInterval, wilcoxonZ } from '../../../measure/simulate/anchors/kayenta/mann-whitney.ts';
import { watchByKayenta } from '../../../measure/simulate/anchors/kayenta/watch-by-kayenta.ts';
import { makeDraws } from '../../../measure/simulate/draws.ts';
import { drawPoll, NO_HARM } from '../../../measure/simulate/traffic.ts';
import published from '../../../measure/vectors/answers/kayenta.json' with { type: 'json' };

/** Theirs are stated to six digits. */
const WITHIN = 1e-6;

const thresholds = z.tuple([z.number(), z.number()]);
const ruleSchema = z.object({
  tolerance: z.number(),
  confidence: z.number(),
  direction: z.enum(['increase', 'decrease', 'either']),
  effect: z.enum(['mean-ratio', 'cles']),
  allowed: thresholds,
  critical: thresholds.nullable(),
  nan: z.enum(['remove', 'replace']),
});

const series: Readonly<Record<string, readonly number[]>> = published.series;
const seriesOf = (name: string) => series[name] ?? [];
const sorted = (name: string) => seriesOf(name).toSorted((a, b) => a - b);

describe("Kayenta's own cases", () => {
  it('are 33 of its classifier', () => {
    expect(published.classified).toHaveLength(33);
  });

  it.each(published.classified)('$name', ({ candidate, stable, expected, ...rule }) => {
    const { label, isCritical, deviation } = classifyMetric(
      seriesOf(candidate),
      seriesOf(stable),
      ruleSchema.parse(rule),
    );
    expect({ label, ...('isCritical' in expected && { isCritical }) }).toEqual({
      label: expected.label,
      ...('isCritical' in expected && { isCritical: expected.isCritical }),
    });
    if ('deviation' in expected) expect(deviation).toBe(Number(expected.deviation));
  });

  it.each(published.shifted)('$name, moved by $shift', ({ candidate, stable, shift, quantile, z }) => {
    const ours = wilcoxonZ(shift, sorted(candidate), sorted(stable)) - (quantile ?? 0);
    expect(Math.abs(ours - z)).toBeLessThan(WITHIN);
  });

  it.each(published.intervals)('$name', ({ candidate, stable, confidence, ...expected }) => {
    const found = shiftInterval(seriesOf(candidate), seriesOf(stable), confidence);
    expect(Math.abs((found?.low ?? Number.NaN) - expected.low)).toBeLessThan(WITHIN);
    expect(Math.abs((found?.high ?? Number.NaN) - expected.high)).toBeLessThan(WITHIN);
    expect(Math.abs((found?.estimate ?? Number.NaN) - expected.estimate)).toBeLessThan(
      expected.estimateWithin,
    );
  });

  it.each(published.effects)('$name', ({ candidate, stable, effect, value, within }) => {
    const measure = effect === 'cles' ? 'cles' : 'mean-ratio';
    const ours = effectSize(measure, seriesOf(candidate), seriesOf(stable));
    if (Number.isNaN(Number(value))) expect(ours).toBeNaN();
    else expect(Math.abs(ours - Number(value))).toBeLessThanOrEqual(within);
  });
});

describe('a rollout watched by Kayenta', () => {
  const draws = makeDraws('kayenta-watched');
  const pollOf = (seq: number, errors: number): Observation =>
    drawPoll(
      draws,
      { seq, seconds: 60, stage: 0, percent: 50 },
      {
        pattern: {
          name: 'flat',
          invalid: 0,
          noise: 0,
          at: () => ({ perSecond: 20, errorRate: 0.01, load: 0 }),
        },
        harm: { ...NO_HARM, errors },
      },
    );
  const polls = (errors: number) => Array.from({ length: 30 }, (_, index) => pollOf(index + 1, errors));

  it('goes on where both are alike, and is stopped at a look where the candidate fails ten times as often', () => {
    expect(watchByKayenta(polls(1), 10)).toBeUndefined();
    expect(watchByKayenta(polls(10), 10)?.polls).toBe(10);
  });

  it('leaves intervals without requests out, and stops a candidate that has none', () => {
    const idle = (poll: Observation): Observation => ({
      ...poll,
      candidate: { ...poll.candidate, requests: 0, errors: 0 },
    });
    expect(
      watchByKayenta(
        polls(1).map((poll, index) => (index % 2 === 0 ? idle(poll) : poll)),
        10,
      ),
    ).toBeUndefined();
    expect(watchByKayenta(polls(1).map(idle), 10)).toEqual({ polls: 10, candidateRequests: 0 });
  });
});
