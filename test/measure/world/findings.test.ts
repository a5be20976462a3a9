import { expect, it } from 'vitest';
import { addTallies, NOTHING_PLAYED, renderTally } from '../../../measure/world/run/findings.ts';

const one = { schedules: 1, steps: 900, rollouts: 2, pushes: 7, races: 1 };

it('sums what was played, and counts injections by kind, the most frequent first', () => {
  const first = addTallies(NOTHING_PLAYED, { ...one, injections: { comment: 2, 'agent-killed': 1 } });
  const both = addTallies(first, { ...one, injections: { comment: 1, 'job-killed': 2 } });
  expect(both).toEqual({
    ...{ schedules: 2, steps: 1_800, rollouts: 4, pushes: 14, races: 2 },
    injections: { comment: 3, 'agent-killed': 1, 'job-killed': 2 },
  });
  expect(renderTally(both)).toBe(
    [
      '2 schedules: 1800 steps, 4 rollouts, 14 heads of the ledger, 2 races for it lost',
      '6 injections, 3 of them crashes: comment 3, job-killed 2, agent-killed 1',
    ].join('\n'),
  );
});
