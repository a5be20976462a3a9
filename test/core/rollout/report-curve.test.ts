import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import { gatherEvidence } from '../../../core/rollout/evidence/evidence.ts';
import type { RolloutRecord } from '../../../core/rollout/record/record.ts';
import { traceRollout } from '../../../core/rollout/record/trace.ts';
import { reportRollout } from '../../../core/rollout/report-rollout.ts';
import { driveRecorded, type Traffic } from './drive-recorded.ts';
import { arm } from './observations.ts';

/** 60 requests a minute at 10 %; the candidate's errors are so many in each. */
function traffic(errors: (minute: number) => number): Traffic {
  return (_stage, minute) => ({
    candidate: arm(60, { errors: errors(minute) }),
    stable: arm(540, { errors: 3 }),
  });
}

const harmful = driveRecorded(
  traffic((minute) => (minute > 6 ? 5 : 0)),
  120,
);
const harmless = driveRecorded(
  traffic(() => 0),
  700,
  { minRequests: 2_000 },
);

function report({ plan, observations }: RolloutRecord): string {
  const { points, evidence } = traceRollout(plan, observations);
  const decision = { explanation: 'It goes on.', reasons: [] };
  const blocks = reportRollout({ decision, evidence, points });
  return renderMarkdown({ sign: 'in-progress', blocks }, { kind: 'section', runUrl: 'https://run' });
}

function linesOf(text: string): readonly (readonly number[])[] {
  return [...text.matchAll(/^ {2}line \[(?<line>.*)\]$/gm)].map((match) =>
    (match.groups?.['line'] ?? '').split(', ').map(Number),
  );
}

/** Powers of ten of the evidence after each poll, gathered anew from the polls up to it. */
function powersOf({ plan, observations }: RolloutRecord): readonly number[] {
  return observations.map((_, index) => {
    const { levels } = gatherEvidence(plan, observations.slice(0, index + 1));
    return Number((levels.total / Math.LN10).toFixed(2)) + 0;
  });
}

describe('the curve of a rollout', () => {
  it('is the evidence after each poll, as its observations give it, up to the limit that took it back', () => {
    expect(harmful.events.at(-1)?.kind).toBe('rollout.rolled-back');
    expect(harmful.observations.length).toBeLessThanOrEqual(40);
    const [shown = [], limit = []] = linesOf(report(harmful));
    expect(shown).toEqual(powersOf(harmful));
    expect(new Set(limit)).toEqual(new Set([2]));
    expect(shown.findIndex((power) => power >= 2)).toBe(shown.length - 1);
  });

  it('has 40 points of a long rollout, the highest of each stretch', () => {
    expect(harmless.observations.length).toBeGreaterThan(100);
    const text = report(harmless);
    const [shown = []] = linesOf(text);
    expect(shown).toHaveLength(40);
    const powers = powersOf(harmless);
    expect(Math.max(...shown)).toBe(Math.max(...powers));
    expect(shown.every((power) => powers.includes(power))).toBe(true);
    expect(text).toContain(`x-axis "Polls" 1 --> ${powers.length}`);
  });

  it('stands in words beside it: how high it came in each stage, and in how many polls', () => {
    const text = report(harmful);
    const stages = [...Map.groupBy(harmful.observations, ({ stage }) => stage).values()].map(
      (polls) => polls.length,
    );
    const told = [...text.matchAll(/(?<share>\d+%) (?<odds>[\d.,]+):1 in (?<polls>\d+) polls?/g)];
    expect(told.map((match) => Number(match.groups?.['polls']))).toEqual(stages);
    const highest = 10 ** Math.max(...powersOf(harmful));
    const odds = told.map((match) => Number(match.groups?.['odds']?.replaceAll(',', '')));
    expect(Math.abs(Math.max(...odds) / highest - 1)).toBeLessThan(0.02);
    expect(text.indexOf('Highest by stage: ')).toBeLessThan(text.indexOf('```mermaid'));
  });

  it('is not drawn before there are two polls', () => {
    const [first] = harmful.observations;
    const one = { ...harmful, observations: first === undefined ? [] : [first] };
    expect(report(one)).toContain('Evidence of harm over 1 poll, from');
    expect(report(one)).not.toContain('mermaid');
    expect(report({ ...harmful, observations: [] })).toContain('No polls yet.');
  });
});
