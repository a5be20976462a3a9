import { describe, expect, test } from 'vitest';
import {
  type DriftEpisode,
  type DriftLook,
  decideDriftReport,
} from '../../../core/drift/decide-drift-report.ts';

const DAY_SECONDS = 86_400;
const QUIET: DriftLook = { severity: 'info', codes: [] };
const SHIFTED: DriftLook = { severity: 'warn', codes: ['drift:x'] };

/** The looks of consecutive days, and on which of them the repository was told. */
function reportsOf(looks: readonly DriftLook[], quietDays = 7): readonly number[] {
  let episode: DriftEpisode | undefined;
  return looks.flatMap((look, day) => {
    const now = new Date(Date.parse('2026-01-01T00:00:00Z') + day * DAY_SECONDS * 1_000).toISOString();
    const decided = decideDriftReport(episode, look, { now, quietSeconds: quietDays * DAY_SECONDS });
    episode = decided.episode;
    return decided.report ? [day] : [];
  });
}

describe('drift is reported', () => {
  test('when it begins, and not while it comes and goes', () => {
    expect(reportsOf([QUIET, SHIFTED, QUIET, SHIFTED, QUIET, QUIET, SHIFTED, QUIET])).toEqual([1]);
  });

  test('again when another feature drifts, or the same one further', () => {
    const other: DriftLook = { severity: 'warn', codes: ['drift:x', 'drift:y'] };
    const worse: DriftLook = { severity: 'act', codes: ['drift:x'] };
    expect(reportsOf([SHIFTED, SHIFTED, other, SHIFTED, other, worse, SHIFTED, worse])).toEqual([0, 2, 5]);
  });

  test('as over once it was quiet for long enough, and anew when it comes back after that', () => {
    const week = Array.from({ length: 8 }, () => QUIET);
    expect(reportsOf([SHIFTED, ...week, QUIET, SHIFTED])).toEqual([0, 8, 10]);
    expect(reportsOf([SHIFTED, ...week.slice(0, 7), SHIFTED, ...week])).toEqual([0, 16]);
  });

  test('never while nothing is wrong', () => {
    expect(reportsOf(Array.from({ length: 30 }, () => QUIET))).toEqual([]);
  });
});
