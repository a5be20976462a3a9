import { describe, expect, it } from 'vitest';
import { planStay } from '../../../core/deploy/attendance.ts';

const startedAt = '2026-11-21T00:00:00.000Z';
const HOUR = 3_600;

describe('a deploy job', () => {
  it.each([
    ['hosted', 300, { detach: false, leaveAt: '2026-11-21T05:30:00.000Z' }],
    ['own', 300, { detach: false, leaveAt: '2026-11-21T23:30:00.000Z' }],
    ['own', 12 * HOUR, { detach: false, leaveAt: '2026-11-21T23:30:00.000Z' }],
    ['own', 24 * HOUR, { detach: true }],
    ['hosted', 6 * HOUR, { detach: true }],
  ] as const)(
    'on a runner that is %s leaves stages of %d s while it can',
    (runner, stageMinSeconds, stay) => {
      expect(planStay({ detach: 'auto', runner, startedAt, rollout: { stageMinSeconds } })).toEqual(stay);
    },
  );

  it('does what it is told', () => {
    const stay = { runner: 'own', startedAt, rollout: { stageMinSeconds: 2 * 24 * HOUR } } as const;
    expect(planStay({ ...stay, detach: 'false' })).toEqual({ detach: false });
    expect(planStay({ ...stay, rollout: { stageMinSeconds: 0 }, detach: 'true' })).toEqual({ detach: true });
  });
});
